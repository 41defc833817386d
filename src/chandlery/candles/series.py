"""A series: which candles, of which exchange, symbol and interval."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from chandlery.candles.interval import Interval
from chandlery.errors import BadSeries

_SYMBOL = r"[^\s:,/\\]{1,50}"
_TEXT = re.compile(rf"([a-z][a-z0-9-]{{0,31}}):({_SYMBOL}):([0-9a-zA-Z]{{1,4}})")


def is_symbol(text: str) -> bool:
    """Whether a symbol may be written like this: it becomes a part of names of files, too."""
    is_dots = not text.strip(".")
    return re.fullmatch(_SYMBOL, text) is not None and text.isprintable() and not is_dots


@dataclass(frozen=True, slots=True)
class Series:
    """One run of candles, written `binance:BTCUSDT:1h`."""

    exchange: str
    symbol: str
    interval: Interval

    @classmethod
    def parse(cls, text: str) -> Series:
        """Read the text form. Raises `BadSeries` or `UnknownInterval`.

        The symbol is kept as written; whether the exchange knows it is for the exchange to say.
        With `*` or `?` in it the series is a pattern that stands for many.
        """
        found = _TEXT.fullmatch(text.strip())
        if found is None or not is_symbol(found[2]):
            raise BadSeries(text)
        return cls(found[1], found[2], Interval.parse(found[3]))

    @property
    def is_pattern(self) -> bool:
        """Whether its symbol has wildcards."""
        return "*" in self.symbol or "?" in self.symbol

    def matches(self, series: Series) -> bool:
        """Whether `series` is this one, or one of those that this pattern stands for."""
        return (
            self.exchange == series.exchange
            and self.interval == series.interval
            and fnmatchcase(series.symbol, self.symbol.replace("[", "[[]"))
        )

    def __str__(self) -> str:
        return f"{self.exchange}:{self.symbol}:{self.interval}"
