"""`/metrics`: read back with Prometheus' own parser."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from importlib.metadata import version

import pytest
from flask.testing import FlaskClient
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from chandlery.collect.health import Late
from chandlery.collect.record import DURATIONS_S
from chandlery.collect.status import BudgetStatus
from chandlery.errors import StoreLocked
from chandlery.web import create_app
from tests.web.fake_keeper import BTC, PEPE, FakeKeeper, keeper_with_candles

OPEN_METRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


@pytest.fixture
def keeper() -> FakeKeeper:
    """Two kept series, some work behind, and a budget."""
    keeper = keeper_with_candles(60)
    keeper.budgets = [BudgetStatus("binance", 120, 6_000, 5_880, 2.5)]
    keeper.counted = {
        "candles": {"new": 900, "unchanged": 30},
        "runs": {"done": 6, "failed": 1},
        "errors": {"Unreachable": 1},
        "requests": {"binance": 9},
        "run_seconds_bucket": {"0.1": 3, "0.5": 2, "1": 1, "+Inf": 1},
        "run_milliseconds": {"": 402_500},
    }
    return keeper


@pytest.fixture
def client(keeper: FakeKeeper) -> FlaskClient:
    """A client of the application."""
    return create_app(keeper).test_client()


def scraped(client: FlaskClient) -> dict[str, float]:
    """Every sample of a scrape, by its name with its labels."""
    response = client.get("/metrics")
    assert response.status_code == 200, response.text
    return dict(samples(plain_text(response.text)))


def samples(families: Iterable[Metric]) -> Iterator[tuple[str, float]]:
    """Names with labels as people write them, and values."""
    for family in families:
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
            yield f"{sample.name}{{{labels}}}" if labels else sample.name, sample.value


def test_values(client: FlaskClient) -> None:
    """What is kept, how fresh it is and what was done stand there under the promised names."""
    found = scraped(client)
    expected = {
        f"chandlery_build_info{{version={version('chandlery')}}}": 1,
        "chandlery_healthy": 1,
        f"chandlery_candles{{series={BTC}}}": 59,
        f"chandlery_series_lag_seconds{{series={BTC}}}": 123,
        f"chandlery_series_overdue_seconds{{series={PEPE}}}": 0,
        "chandlery_series_wanted": 2,
        "chandlery_series_late": 0,
        "chandlery_series_ended": 0,
        "chandlery_candles_collected_total{outcome=new}": 900,
        "chandlery_candles_collected_total{outcome=unchanged}": 30,
        "chandlery_candles_collected_total{outcome=revised}": 0,
        "chandlery_runs_total{outcome=done}": 6,
        "chandlery_runs_total{outcome=failed}": 1,
        "chandlery_errors_total{kind=Unreachable}": 1,
        "chandlery_requests_total{exchange=binance}": 9,
        "chandlery_request_weight_used{exchange=binance}": 120,
        "chandlery_request_weight_limit{exchange=binance}": 6_000,
        "chandlery_request_weight_left{exchange=binance}": 5_880,
        "chandlery_requests_frozen_seconds{exchange=binance}": 2.5,
        "chandlery_queue_length": 2,
        "chandlery_market_caps_age_seconds": 61,
    }
    assert {name: found.get(name) for name in expected} == expected


def test_durations_are_cumulative(client: FlaskClient) -> None:
    """Each class of the durations counts all shorter runs too; the last one counts them all."""
    found = scraped(client)
    name = "chandlery_run_duration_seconds"
    bounds = [str(bound) for bound in DURATIONS_S] + ["+Inf"]
    counts = [found[f"{name}_bucket{{le={bound}}}"] for bound in bounds]
    assert counts == [3, 3, 5, 6, 6, 6, 6, 6, 6, 6, 7]
    assert (found[f"{name}_count"], found[f"{name}_sum"]) == (7, 402.5)


def test_late(client: FlaskClient, keeper: FakeKeeper) -> None:
    """A late series shows in the count and in the verdict."""
    keeper.late = [Late(str(BTC), None, None, 1, "away", "Unreachable", running=False)]
    found = scraped(client)
    assert (found["chandlery_series_late"], found["chandlery_healthy"]) == (1, 0)


def test_only_what_is_wanted_can_lag(client: FlaskClient, keeper: FakeKeeper) -> None:
    """Of a series that is only stored the candles are told, and no lag that would raise alarms."""
    keeper.wanted = [BTC]
    found = scraped(client)
    assert found[f"chandlery_candles{{series={PEPE}}}"] == 59
    assert f"chandlery_series_lag_seconds{{series={PEPE}}}" not in found
    assert f"chandlery_series_overdue_seconds{{series={PEPE}}}" not in found


def test_empty_store() -> None:
    """Before anything was collected the scrape is whole, and says nothing of ages."""
    found = scraped(create_app(FakeKeeper(caps=None)).test_client())
    assert found["chandlery_runs_total{outcome=done}"] == 0
    assert found["chandlery_run_duration_seconds_count"] == 0
    assert "chandlery_market_caps_age_seconds" not in found


@pytest.mark.parametrize(("waiting", "shown"), [(0, 0.0), (17, 17.0), (None, math.nan)])
def test_queue_of_a_broker(keeper: FakeKeeper, waiting: int | None, shown: float) -> None:
    """With a broker its queue is told; nothing is, while the broker is away."""
    client = create_app(keeper, queue_length=lambda: waiting).test_client()
    found = scraped(client).get("chandlery_queue_length", math.nan)
    assert found == pytest.approx(shown, nan_ok=True)


def test_forms(client: FlaskClient) -> None:
    """A scraper gets the form that it accepts, with the right content type, and the same values."""
    plain = client.get("/metrics")
    assert plain.content_type == "text/plain; version=0.0.4; charset=utf-8"
    modern = client.get("/metrics", headers=OPEN_METRICS)
    assert modern.content_type.startswith("application/openmetrics-text; version=1.0.0")
    told = dict(samples(open_metrics(modern.text)))  # type: ignore[no-untyped-call]  # has no types
    assert {name: value for name, value in told.items() if "_created" not in name} == dict(
        samples(plain_text(plain.text))
    )


def test_store_away(client: FlaskClient, keeper: FakeKeeper) -> None:
    """While the store cannot be read the scrape is 503 in words, and works again afterwards."""
    keeper.store_error = StoreLocked("Another process holds the store.")
    response = client.get("/metrics")
    assert (response.status_code, response.text) == (503, "Another process holds the store.\n")
    keeper.store_error = None
    assert scraped(client)["chandlery_healthy"] == 1
