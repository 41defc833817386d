"""Reading the query of a request, with the exchange's own refusals in its own order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import orjson

from chandlery.candles.interval import HOUR_MS, INTERVALS, MINUTE_MS, Interval
from chandlery.errors import Refused
from chandlery.sandbox.binance.refusals import (
    BAD_CHARACTERS,
    BAD_COMBINATION,
    BAD_INTERVAL,
    BAD_VALUE,
    DUPLICATE,
    EMPTY,
    MISSING,
    OVERFLOWED,
    REPEATED_SYMBOL,
    TOO_MANY_SYMBOLS,
    UNREAD,
    refused,
)
from chandlery.sandbox.sources.choosing import Asked

MOST_ROWS: Final = 1000
_MICROSECONDS_FROM: Final = 10**14
_INTERVALS: Final = {interval.text: interval for interval in INTERVALS}
_ZONES: Final = (-12 * HOUR_MS, 14 * HOUR_MS)

SYMBOL: Final = (re.compile(r"(?:(?![a-z])[\w\-.])+"), r"^[\w\-._&&[^a-z]]{1,50}$")
SYMBOLS: Final = (
    re.compile(r'\[("[A-Z0-9\-_.]{1,20}"(,"[A-Z0-9\-_.]{1,20}")*)?\]'),
    r'^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$',
)
NUMBER: Final = (re.compile(r"[0-9]{1,20}"), r"^[0-9]{1,20}$")
INTERVAL: Final = (re.compile(r"[a-zA-Z_0-9]{1,36}"), r"^[a-zA-Z_0-9]{1,36}$")
_LONGEST_SYMBOL: Final = 50
_LARGEST: Final = 2**63 - 1


class Query:
    """The parameters of one request. Read them in the exchange's order, then call `done`.

    Every method raises `Refused` with the exchange's code and text.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs:
            if name in self._values:
                raise refused(DUPLICATE)
            self._values[name] = value
        self._read: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether the parameter was sent, even empty."""
        return name in self._values

    def needed(self, name: str, pattern: tuple[re.Pattern[str], str]) -> str:
        """A mandatory parameter."""
        if not self._values.get(name):
            raise refused(MISSING, name)
        return self._matching(name, pattern)

    def text(self, name: str, pattern: tuple[re.Pattern[str], str] | None = None) -> str | None:
        """An optional parameter."""
        self._read.add(name)
        if name not in self._values:
            return None
        if not self._values[name]:
            raise refused(EMPTY, name)
        return self._values[name] if pattern is None else self._matching(name, pattern)

    def number(self, name: str) -> int | None:
        """An optional whole number."""
        value = self.text(name, NUMBER)
        if value is not None and int(value) > _LARGEST:
            raise refused(OVERFLOWED, name)
        return None if value is None else int(value)

    def limit(self, *, default: int = 500, most: int = MOST_ROWS, cut: bool = True) -> int:
        """The number of rows asked for; more than the most is cut, or else refused."""
        asked = self.number("limit")
        if asked == 0 or (asked is not None and asked > most and not cut):
            raise refused(BAD_VALUE, "limit")
        return min(default if asked is None else asked, most)

    def choice(self, name: str, known: tuple[str, ...], refusal: Refused) -> str | None:
        """An optional word out of a few."""
        value = self.text(name)
        if value is not None and value not in known:
            raise refusal
        return value

    def symbols(self) -> list[str] | None:
        """The optional list `symbols`, or the single `symbol` as a list of one."""
        one = self.text("symbol", SYMBOL)
        many = self.text("symbols", SYMBOLS)
        if one is not None and many is not None:
            raise refused(BAD_COMBINATION)
        if many is None:
            return None if one is None else [one]
        listed: list[str] = orjson.loads(many)
        if len(listed) > _MOST_SYMBOLS:
            raise refused(TOO_MANY_SYMBOLS)
        if len(set(listed)) < len(listed):
            raise refused(REPEATED_SYMBOL)
        return listed

    def done(self) -> None:
        """Refuse parameters that nobody reads."""
        if self._values.keys() - self._read:
            read = len(self._values.keys() & self._read)
            raise refused(UNREAD, read, len(self._values))

    def _matching(self, name: str, pattern: tuple[re.Pattern[str], str]) -> str:
        self._read.add(name)
        value = self._values[name]
        too_long = pattern is SYMBOL and len(value) > _LONGEST_SYMBOL
        if too_long or not pattern[0].fullmatch(value):
            raise refused(BAD_CHARACTERS, name, pattern[1])
        return value


_MOST_SYMBOLS: Final = 100


def interval_named(text: str, known: Mapping[str, Interval] = _INTERVALS) -> Interval:
    """One of the sixteen, or of those that are known here, case and all."""
    if text not in known:
        raise refused(BAD_INTERVAL)
    return known[text]


def zone_ms(text: str | None) -> int:
    """A time zone such as `8`, `-1:00` or `05:45`, as milliseconds east of UTC."""
    if text is None:
        return 0
    found = re.fullmatch(r"([+-]?)(\d{1,2})(?::([0-5]\d))?", text)
    if found:
        size = int(found[2]) * HOUR_MS + int(found[3] or 0) * MINUTE_MS
        east = -size if found[1] == "-" else size
        if _ZONES[0] <= east <= _ZONES[1]:
            return east
    raise refused(BAD_VALUE, "timeZone")


def asked_range(start: int | None, end: int | None, limit: int) -> Asked:
    """The range, from milliseconds or microseconds: a start is rounded up, an end down."""
    if start is not None and start >= _MICROSECONDS_FROM:
        start = -(-start // 1000)
    if end is not None and end >= _MICROSECONDS_FROM:
        end //= 1000
    return Asked(start, end, limit)
