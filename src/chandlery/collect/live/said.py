"""What a hub has said: events in the form of server-sent events, encoded once for all readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from chandlery.candles.series import Series
from chandlery.collect.live.events import LiveCandle, LiveState

Passing: TypeAlias = tuple[str, str]
"""What an event is about that only matters until the next one about the same: kind and series."""


@dataclass(frozen=True, slots=True)
class Said:
    """One event, ready to be sent."""

    number: int
    """Its place among all; 0 for those that cannot be resumed from."""
    series: Series | None
    data: bytes
    passing: Passing | None = None
    """Set when a newer one about the same makes it needless; None when nobody may miss it."""
    open_ms: int | None = None
    """Which candle it is about."""


def forming(series: Series) -> Passing:
    """The forming candle of a series: only its newest state matters."""
    return "candle", str(series)


def kept(series: Series) -> Passing:
    """When the store got candles of a series: only the last time matters."""
    return "kept", str(series)


def encoded(event: str, data: Mapping[str, object], id_: str = "") -> bytes:
    """One server-sent event with one line of JSON."""
    head = f"id: {id_}\nevent: {event}\ndata: " if id_ else f"event: {event}\ndata: "
    return b"%s%s\n\n" % (head.encode(), orjson.dumps(data))


def candle_data(candle: LiveCandle, sent_ms: int) -> dict[str, object]:
    """The fields of a `candle` event."""
    return {
        "series": str(candle.series),
        "row": candle.row,
        "closed": candle.closed,
        "source": candle.source,
        "event_ms": candle.event_ms,
        "sent_ms": sent_ms,
    }


def state_data(state: LiveState) -> dict[str, object]:
    """The fields of a state, in a `state` event or a `hello`."""
    return {"status": state.status, "since_ms": state.since_ms, "error": state.error}
