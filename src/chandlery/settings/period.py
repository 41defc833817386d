"""How often to collect: one period for all, or one for an interval or a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from chandlery.candles.interval import Interval
from chandlery.candles.series import Series
from chandlery.errors import BadSeries, UnknownInterval

SHORTEST: Final = 1.0
LONGEST: Final = 86_400.0
AT_CLOSE: Final = "close"
_DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Periods:
    """Seconds between collections; None means just after each candle's close."""

    default: float | None = None
    special: Mapping[str, float | None] = field(default_factory=dict)
    """By the text of an interval or of a series, whose symbol may have wildcards."""

    @classmethod
    def parse(cls, value: object) -> Periods:
        """Read a number, `close`, a mapping, or text such as `3600, 1m=60, binance:BTCUSDT:1h=5`.

        Raises `ValueError` with what is wrong.
        """
        if isinstance(value, Periods):
            return value
        if isinstance(value, Mapping):
            pairs = [(str(name), period) for name, period in value.items()]
        elif isinstance(value, str):
            parts = [part.strip() for part in value.split(",") if part.strip()]
            pairs = [_pair(part) for part in parts]
        else:
            pairs = [(_DEFAULT, value)]
        periods: dict[str, float | None] = {}
        for name, period in pairs:
            key = _key(name)
            if key in periods:
                msg = f"has two periods for {name}"
                raise ValueError(msg)
            periods[key] = _seconds(period)
        return cls(periods.pop(_DEFAULT, None), periods)

    def of(self, series: Series) -> float | None:
        """The period of `series`: its own, else one of a pattern, its interval's, the default."""
        own = str(series)
        if own in self.special:
            return self.special[own]
        for name, period in self.special.items():
            if ":" in name and Series.parse(name).matches(series):
                return period
        return self.special.get(series.interval.text, self.default)

    def __str__(self) -> str:
        """The text that `parse` reads."""
        special = [f"{name}={_text(period)}" for name, period in self.special.items()]
        default = [] if self.default is None else [_text(self.default)]
        return ", ".join(default + special)


def _pair(part: str) -> tuple[str, object]:
    name, found, period = part.rpartition("=")
    return (name.strip(), period.strip()) if found else (_DEFAULT, part)


def _key(name: str) -> str:
    if name == _DEFAULT:
        return name
    try:
        if ":" not in name:
            return Interval.parse(name).text
        series = Series.parse(name)
        # As in the list of series, symbols are upper case.
        return str(replace(series, symbol=series.symbol.upper()))
    except (BadSeries, UnknownInterval) as error:
        raise ValueError(str(error).rstrip(".")) from error


def _seconds(period: object) -> float | None:
    if period in (None, "", AT_CLOSE):  # a list from a file cannot be looked up in a set
        return None
    try:
        seconds = float(str(period))
    except ValueError:
        msg = f"'{period}' is neither a number of seconds nor '{AT_CLOSE}'"
        raise ValueError(msg) from None
    if not SHORTEST <= seconds <= LONGEST:
        msg = f"{seconds:g} seconds are not between {SHORTEST:g} and {LONGEST:g}"
        raise ValueError(msg)
    return seconds


def _text(period: float | None) -> str:
    return AT_CLOSE if period is None else f"{period:g}"
