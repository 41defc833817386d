"""`/metrics`: how everything stands, for Prometheus.

Every value comes from the store at the moment of the scrape, so one scrape covers the page, all
workers and beat, and no process keeps counters of its own. Only live pages are counted by the
process that serves them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from chandlery.collect.live.hub import LiveHub
from chandlery.collect.record import DURATIONS_S, LONGER
from chandlery.collect.status import SeriesStatus, StatusReport
from chandlery.web.source import CandleSource

metrics = Blueprint("metrics", __name__)

QueueLength = Callable[[], int | None]
"""How many tasks wait at the broker; None while that is not known."""

_OUTCOMES: Final = ("done", "failed")
_KEPT: Final = ("new", "unchanged", "revised")


def register(
    app: Flask, source: CandleSource, version: str, queue: QueueLength | None, hub: LiveHub
) -> None:
    """Let `app` answer scrapes; without `queue` the jobs that are due are the queue."""
    registry = CollectorRegistry()
    registry.register(_Standing(source, version, queue))
    registry.register(_Live(hub))
    app.extensions["metrics"] = registry
    app.register_blueprint(metrics)


@metrics.get("/metrics")
def scrape() -> Response:
    """Everything that is measured, in the form that the scraper accepts."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(current_app.extensions["metrics"]), content_type=content_type)


class _Standing(Collector):
    """Turns the status into metrics, anew at each scrape."""

    def __init__(self, source: CandleSource, version: str, queue: QueueLength | None) -> None:
        self._source = source
        self._version = version
        self._queue = queue

    def describe(self) -> list[Metric]:
        """Nothing beforehand: the store need not be there yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every metric. Raises `StoreError`."""
        report = self._source.status()
        yield _gauge("build_info", "Which version this is.", 1, version=self._version)
        yield _gauge("healthy", "1 when /healthz answers 200.", report.healthy)
        yield from _series(report)
        yield from _work(report.counted)
        yield _durations(report.counted)
        yield from _budgets(report)
        waiting = report.due_jobs if self._queue is None else self._queue()
        if waiting is not None:
            yield _gauge("queue_length", "Pieces of work that wait to be begun.", waiting)
        if report.market_caps_ms is not None:
            age = (report.now_ms - report.market_caps_ms) / 1000
            yield _gauge("market_caps_age_seconds", "How old the newest market caps are.", age)


class _Live(Collector):
    """What this process tells open pages."""

    def __init__(self, hub: LiveHub) -> None:
        self._hub = hub

    def collect(self) -> Iterator[Metric]:
        """How many pages, how many events."""
        yield _gauge(
            "live_pages", "Pages that are told of candles as they move.", self._hub.readers
        )
        yield _gauge("live_series", "Series that are followed for them.", len(self._hub.watched))
        sent = CounterMetricFamily("chandlery_live_events", "Events given to these pages.")
        sent.add_metric((), self._hub.sent)
        yield sent


def _gauge(name: str, text: str, value: float, **labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"chandlery_{name}", text, labels=tuple(labels))
    family.add_metric(tuple(labels.values()), value)
    return family


def _series(report: StatusReport) -> Iterator[Metric]:
    lines = report.series
    wanted = [one for one in lines if one.wanted and not one.ended]
    yield _by_series(
        "candles", "Closed candles that are stored.", {o.series: o.candles for o in lines}
    )
    lags = {one.series: one.lag_ms / 1000 for one in wanted if one.lag_ms is not None}
    yield _by_series("series_lag_seconds", "Since the last closed candle that is stored.", lags)
    overdue = {one.series: _overdue(one, report.now_ms) for one in wanted}
    text = "Since the series was due and no good run came; +Inf when it never was collected."
    yield _by_series("series_overdue_seconds", text, overdue)
    yield _gauge("series_wanted", "Series that are to be kept.", len(wanted))
    yield _gauge("series_late", "Series that are late, by the rule of /healthz.", len(report.late))
    ended = sum(one.ended for one in lines)
    yield _gauge("series_ended", "Series that the exchange lists no more.", ended)


def _overdue(one: SeriesStatus, now_ms: int) -> float:
    if one.unserved_ms is None:
        return float("inf")
    return max(0, now_ms - one.unserved_ms) / 1000


def _by_series(name: str, text: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"chandlery_{name}", text, labels=("series",))
    for series, value in values.items():
        family.add_metric((series,), value)
    return family


def _work(counted: dict[str, dict[str, int]]) -> Iterator[Metric]:
    text = "Closed candles that came: new ones, unchanged ones, revised ones."
    candles = {one: counted.get("candles", {}).get(one, 0) for one in _KEPT}
    yield _counter("candles_collected", text, "outcome", candles)
    runs = {one: counted.get("runs", {}).get(one, 0) for one in _OUTCOMES}
    yield _counter("runs", "Runs that are over.", "outcome", runs)
    errors = counted.get("errors", {})
    yield _counter("errors", "Runs that failed, by the kind of their error.", "kind", errors)
    disputed = counted.get("stream_disagreements", {})
    text = "Candles that a stream told otherwise than REST, whose word is kept."
    yield _counter("stream_disagreements", text, "exchange", disputed)
    requests = counted.get("requests", {})
    yield _counter("requests", "Requests for candles that were sent.", "exchange", requests)


def _counter(name: str, text: str, label: str, values: dict[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(f"chandlery_{name}", text, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family


def _durations(counted: dict[str, dict[str, int]]) -> HistogramMetricFamily:
    classes = counted.get("run_seconds_bucket", {})
    buckets: list[tuple[str, float]] = []
    so_far = 0
    for bound in DURATIONS_S:
        so_far += classes.get(f"{bound:g}", 0)
        buckets.append((str(bound), so_far))
    buckets.append((LONGER, so_far + classes.get(LONGER, 0)))
    seconds = counted.get("run_milliseconds", {}).get("", 0) / 1000
    name = "chandlery_run_duration_seconds"
    return HistogramMetricFamily(name, "How long runs took.", buckets=buckets, sum_value=seconds)


def _budgets(report: StatusReport) -> Iterator[Metric]:
    texts = {
        "request_weight_used": "Request weight used in the running minute.",
        "request_weight_limit": "Request weight that the exchange grants per minute.",
        "request_weight_left": "Request weight that is left in the running minute.",
        "requests_frozen_seconds": "For how long the exchange wants no request.",
    }
    families = [
        GaugeMetricFamily(f"chandlery_{name}", text, labels=("exchange",))
        for name, text in texts.items()
    ]
    for one in report.budgets:
        values = (one.used, one.limit, one.left, one.frozen_seconds)
        for family, value in zip(families, values, strict=True):
            family.add_metric((one.exchange,), value)
    yield from families
