"""The text form of a series, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.interval import INTERVALS
from chandlery.candles.series import Series
from chandlery.errors import BadSeries, InputError, UnknownInterval


@given(
    exchange=st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True),
    symbol=st.from_regex(r"[A-Z0-9._-]{1,30}", fullmatch=True).filter(lambda text: text.strip(".")),
    interval=st.sampled_from(INTERVALS),
)
def test_round_trip(exchange: str, symbol: str, interval: object) -> None:
    """Every series is read back from its own text."""
    text = f"{exchange}:{symbol}:{interval}"
    assert str(Series.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "BTCUSDT", "binance:BTCUSDT", "binance::1h", "binance:BTC/USDT:1h", "binance:../x:1h",
     "Binance:BTCUSDT:1h", "binance:BTCUSDT:1h:x", "binance:BTC USDT:1h", "binance:..:1h",
     "binance:A,B:1h",
     "binance:A\x00B:1h", "binance:A\x1b[2JB:1h", "binance:A\u202eB:1h", "binance:\ud800:1h"],
)  # fmt: skip
def test_no_series(text: str) -> None:
    """A text that is no series is refused with an example of one, in words for any terminal."""
    with pytest.raises(BadSeries, match="binance:BTCUSDT:1h") as refused:
        Series.parse(text)
    assert str(refused.value).isprintable()


def test_unknown_interval() -> None:
    """A wrong interval is told apart from a wrong series."""
    with pytest.raises(UnknownInterval, match="1H"):
        Series.parse("binance:BTCUSDT:1H")


@given(text=st.text(max_size=60))
def test_any_text(text: str) -> None:
    """Any text at all is either a series or a clear error."""
    try:
        series = Series.parse(text)
    except InputError:
        return
    assert str(series) == text.strip()
