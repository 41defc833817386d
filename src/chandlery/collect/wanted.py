"""From what a person asks (`--last`, `--since`, `--until`) to a count or a span."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from chandlery.candles.span import Span
from chandlery.clock import ms_to_text
from chandlery.errors import BadSpan, printable, shown

EARLIEST_MS: Final = -62_135_596_800_000
LATEST_MS: Final = 253_402_300_800_000
"""The years that dates have, from 1 to 9999 in UTC."""
MOST: Final = 1_000_000
"""The most candles of one `--last`; more is asked by `--since`, which can be interrupted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to collect: the newest `last` candles, or those that open within `span`."""

    last: int | None = None
    span: Span | None = None

    def share(self, candles: int, reached_ms: int) -> float:
        """How much of it is done with so many candles, up to that time: 0 to 1."""
        if self.span is not None:
            done = (reached_ms - self.span.start) / (self.span.end - self.span.start)
        else:
            done = candles / (self.last or 1)
        return max(0.0, min(1.0, done))

    def __str__(self) -> str:
        return f"the last {self.last}" if self.span is None else str(self.span)


def newest(count: int) -> Wanted:
    """The newest `count` candles. Raises `BadSpan` for a count that is none or too large."""
    if not 1 <= count <= MOST:
        msg = (
            f"--last takes a number from 1 to {MOST:,}; asked was {count:,}. "
            "For a longer history use --since."
        )
        raise BadSpan(msg)
    return Wanted(last=count)


def between(since_ms: int, until_ms: int | None, *, now_ms: int) -> Wanted:
    """The candles that open from `since_ms` until `until_ms` (until now when None).

    Raises `BadSpan` when that is no span, or lies in the future.
    """
    if until_ms is not None and since_ms >= until_ms:
        msg = (
            f"--since must be before --until; asked was since {ms_to_text(since_ms)} "
            f"until {ms_to_text(until_ms)}."
        )
        raise BadSpan(msg)
    if since_ms >= now_ms:
        raise BadSpan(f"Nothing has happened yet since {ms_to_text(since_ms)}.")
    end_ms = now_ms + 1
    return Wanted(span=Span(since_ms, end_ms if until_ms is None else min(until_ms, end_ms)))


When = datetime | str | int
"""A time as people give it: a datetime, ISO 8601 text, or epoch milliseconds."""


def to_ms(when: When) -> int:
    """Epoch milliseconds. What names no time zone is UTC. Raises `BadSpan` for what is no time."""
    if isinstance(when, int):
        return _in_our_years(when, when)
    time = when if isinstance(when, datetime) else _parsed(when)
    aware = time if has_zone(time) else time.replace(tzinfo=UTC)
    return _in_our_years(int(aware.timestamp() * 1000), when)


def _in_our_years(ms: int, when: When) -> int:
    if not EARLIEST_MS <= ms < LATEST_MS:
        raise BadSpan(f"{shown(when)} is not between the years 1 and 9999, in UTC.")
    return ms


def has_zone(when: When) -> bool:
    """Whether the time names its zone, so that nothing has to be assumed. Raises `BadSpan`."""
    if isinstance(when, int):
        return True
    return (_parsed(when) if isinstance(when, str) else when).tzinfo is not None


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        msg = (
            f"'{printable(text)}' is no time. "
            "Write 2024-12-31, 2024-12-31T18:00 or 2024-12-31T18:00+01:00."
        )
        raise BadSpan(msg) from error
