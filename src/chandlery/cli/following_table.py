"""Moving candles as a terminal shows them: a table that stands still, or a line for each event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import orjson

from chandlery.candles.frame import SCHEMA
from chandlery.clock import ms_to_text
from chandlery.collect.live.events import LiveCandle, LiveChange, LiveEvent

if TYPE_CHECKING:
    from rich.table import Table

Show = Callable[[list[LiveEvent]], None]

_OPEN_TIME: Final = 0
_PRICES: Final = slice(1, 6)
_TRADES: Final = 8
_HEADINGS: Final = ("series", "opened (UTC)", "open", "high", "low", "close", "volume", "trades")


def json_line(event: LiveEvent) -> str:
    """One event as one line of JSON: decimals are exact text, times epoch milliseconds."""
    said: dict[str, Any] = {"series": str(event.series)}
    if isinstance(event, LiveCandle):
        said |= {
            "event": "candle",
            "closed": event.closed,
            "source": event.source,
            "event_ms": event.event_ms,
            "heard_ms": event.heard_ms,
            "candle": dict(zip(SCHEMA, event.row, strict=True)),
        }
    else:
        state = event.state
        said |= {"event": "state", "status": state.status, "since_ms": state.since_ms}
        said["error"] = state.error
    return orjson.dumps(said).decode()


def text_line(event: LiveEvent) -> str:
    """One event as one line for people."""
    if isinstance(event, LiveChange):
        return f"{event.series}: {_words(event)}"
    stage = f"closed ({event.source})" if event.closed else "forming"
    opened, *values = _cells(event)
    named = (f"{name} {value}" for name, value in zip(_HEADINGS[2:], values, strict=True))
    return f"{event.series}: {opened} {stage}: {', '.join(named)}"


@contextmanager
def table() -> Iterator[Show]:
    """A table with a line for each series, redrawn as they move."""
    from rich.live import Live

    candles: dict[str, LiveCandle] = {}
    states: dict[str, LiveChange] = {}
    with Live(_drawn(candles, states), refresh_per_second=8) as live:

        def show(events: list[LiveEvent]) -> None:
            for event in events:
                if isinstance(event, LiveCandle):
                    candles[str(event.series)] = event
                else:
                    states[str(event.series)] = event
            if events:
                live.update(_drawn(candles, states))

        yield show


def _drawn(candles: dict[str, LiveCandle], states: dict[str, LiveChange]) -> Table:
    from rich.table import Table

    drawn = Table(caption="Ctrl-C ends it", box=None, pad_edge=False)
    for heading in (*_HEADINGS, ""):
        drawn.add_column(heading, justify="left" if heading in {"series", ""} else "right")
    for name in candles | states:
        candle, change = candles.get(name), states.get(name)
        cells = _cells(candle) if candle else [""] * (len(_HEADINGS) - 1)
        style = "bold" if candle and candle.closed else ""
        drawn.add_row(name, *cells, _words(change) if change else "starting", style=style)
    return drawn


def _cells(candle: LiveCandle) -> list[str]:
    row = candle.row
    opened = ms_to_text(int(row[_OPEN_TIME])).removesuffix(" UTC")
    return [opened, *(_short(str(value)) for value in row[_PRICES]), str(row[_TRADES])]


def _short(decimal: str) -> str:
    """Without zeros at the end, but for two digits."""
    whole, _, fraction = decimal.partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def _words(change: LiveChange) -> str:
    error = change.state.error
    return f"{change.state.status}: {error}" if error else change.state.status
