"""How the kept series stand, as a record that every door can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from chandlery.candles.series import Series
from chandlery.collect.market_caps import MARKET_CAPS
from chandlery.store import Held, RunRecord, Store

_LOOK_BACK: Final = 50


@dataclass(frozen=True, slots=True)
class SeriesStatus:
    """One kept series: how much there is, and how fresh it is."""

    series: str
    candles: int
    last_open_ms: int | None
    updated_ms: int | None
    lag_ms: int | None
    """How far the last closed candle's end lies behind the clock; None when there is none."""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Everything that is kept, and what went wrong last."""

    series: list[SeriesStatus]
    exchange_error: str | None
    """The last error in words while the exchange cannot be reached; None once it answers again."""
    last_attempt_ms: int | None
    market_caps_ms: int | None
    market_caps_error: str | None


def status(store: Store, wanted: Sequence[Series], *, now_ms: int) -> StatusReport:
    """How everything stands; the wanted series first, then what else is stored.

    Reads the catalogue and the newest runs, and no candle.
    """
    held = {line.series: line for line in store.catalogue()}
    runs = store.runs.latest(None, _LOOK_BACK)
    last_run = next((run for run in runs if run.series != MARKET_CAPS), None)
    last_caps = next((run for run in runs if run.series == MARKET_CAPS), None)
    caps = store.market_caps.latest()
    return StatusReport(
        series=[
            _one(series, held.get(series), now_ms) for series in dict.fromkeys([*wanted, *held])
        ],
        exchange_error=_error(last_run),
        last_attempt_ms=last_run.started_ms if last_run else None,
        market_caps_ms=caps.taken_ms if caps else None,
        market_caps_error=_error(last_caps),
    )


def _one(series: Series, held: Held | None, now_ms: int) -> SeriesStatus:
    if held is None:
        return SeriesStatus(str(series), 0, None, None, None)
    lag = None
    if held.last_ms is not None:
        lag = max(0, now_ms - series.interval.next(held.last_ms))
    return SeriesStatus(str(series), held.candles, held.last_ms, held.updated_ms, lag)


def _error(run: RunRecord | None) -> str | None:
    if run is None or run.outcome == "done":
        return None
    error = orjson.loads(run.report_json).get("error")
    return str(error) if error else "the last attempt failed"
