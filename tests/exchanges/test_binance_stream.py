"""Binance's streams without a network: names, addresses, and what messages say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.binance_rows import rows
from chandlery.candles.interval import INTERVALS
from chandlery.candles.series import Series
from chandlery.clock import SystemClock
from chandlery.errors import BadAnswer, NoSuchInterval, UnknownSymbol
from chandlery.exchanges.binance_stream import (
    SPOT,
    UM,
    Reply,
    Shutdown,
    address,
    command,
    read_message,
    stream_name,
)
from chandlery.exchanges.stream import StreamCandle
from chandlery.exchanges.streams import (
    goes_with,
    open_stream,
    stream_names,
    stream_setting,
)

BTC = Series.parse("binance:BTCUSDT:1m")
NAMES = {"btcusdt@kline_1m": BTC}
CANDLE: dict[str, Any] = {
    "t": 1735689600000, "T": 1735689659999, "s": "BTCUSDT", "i": "1m",
    "f": 4359999001, "L": 4359999420, "o": "93576.00000000", "c": "93610.93000000",
    "h": "93610.93000000", "l": "93537.50000000", "v": "8.21827000", "n": 420, "x": True,
    "q": "768978.32400000", "V": "3.85117000", "Q": "360385.51200000", "B": "0",
}  # fmt: skip


def message(**changed: object) -> bytes:
    """The documented message of a combined stream, with other values in its candle."""
    data = {"e": "kline", "E": 1735689662013, "s": "BTCUSDT", "k": CANDLE | changed}
    return orjson.dumps({"stream": "btcusdt@kline_1m", "data": data})


def heard(text: bytes) -> StreamCandle:
    """The candle that a message tells."""
    said = read_message(text, NAMES, 7)
    assert isinstance(said, StreamCandle)
    return said


def test_the_documented_message() -> None:
    """Every value of the documented message arrives, in the order of a kept candle."""
    said = heard(message())
    assert said.row == (
        1735689600000, "93576.00000000", "93610.93000000", "93537.50000000", "93610.93000000",
        "8.21827000", 1735689659999, "768978.32400000", 420, "3.85117000", "360385.51200000",
    )  # fmt: skip
    assert (said.series, said.closed, said.event_ms, said.heard_ms) == (BTC, True, 1735689662013, 7)
    assert (len(said.candle), said.candle.unfinished) == (1, 0)
    assert heard(message(x=False)).candle.unfinished == 1


DECIMALS = st.decimals(0, 10**20, places=8).map(lambda number: f"{number:f}")


@given(st.lists(DECIMALS, min_size=8, max_size=8), st.integers(0, 10**12))
def test_decimals_survive(values: list[str], trades: int) -> None:
    """Whatever decimals a stream tells, the row and the frame have exactly these."""
    low, first, last, high = sorted(values[:4], key=Decimal)
    values[:4] = [first, high, low, last]
    fields = dict(zip("ohlcvqVQ", values, strict=True))
    said = heard(message(n=trades, **fields))
    told = [said.row[place] for place in (1, 2, 3, 4, 5, 7, 9, 10)]
    assert [Decimal(str(text)) for text in told] == [Decimal(text) for text in values]
    assert rows(said.candle.frame) == [[*said.row, "0"]]


@pytest.mark.parametrize(
    ("told", "kept"),
    [("1", "1.00000000"), ("0.5", "0.50000000"), ("007.10", "7.10000000"), ("2.", "2.00000000")],
)
def test_decimals_are_written_as_kept(told: str, kept: str) -> None:
    """Futures tell fewer digits than are kept; the row has as many as the store gives back."""
    assert heard(message(v=told)).row[5] == kept


@pytest.mark.parametrize(
    "changed",
    [
        {"c": 93610.93}, {"c": "1e5"}, {"c": "-1"}, {"c": "1.123456789"}, {"o": None},
        {"t": "1735689600000"}, {"t": 1735689660000}, {"T": 10**15}, {"n": -1}, {"n": True},
        {"x": "true"}, {"s": "ETHUSDT"}, {"i": "1M"}, {"h": "1.00000000"}, {"l": "93576.00000001"},
    ],
)  # fmt: skip
def test_bad_candles_are_refused(changed: dict[str, object]) -> None:
    """A float, a wrong type, an impossible time or another symbol is no candle."""
    with pytest.raises(BadAnswer, match="binance:BTCUSDT:1m"):
        read_message(message(**changed), NAMES, 7)


@pytest.mark.parametrize(
    "text",
    [b"", message()[:50], b"[]", b"{}", b'{"stream":"btcusdt@kline_1m","data":[]}', b"\xff\xfe"],
)
def test_garbage_is_refused(text: bytes) -> None:
    """What is no message is an error that can be counted, and no other."""
    with pytest.raises(BadAnswer):
        read_message(text, NAMES, 7)


def test_what_else_comes() -> None:
    """Replies, refusals, the notice of a shutdown, and streams that nobody follows."""
    assert read_message('{"result":null,"id":3}', NAMES, 7) == Reply(3)
    assert read_message('{"code":2,"msg":"Invalid","id":3}', NAMES, 7) == Reply(3, "Invalid")
    many = '{"error":{"code":4,"msg":"Too many subscriptions"}}'
    assert read_message(many, NAMES, 7) == Reply(None, "Too many subscriptions")
    notice = '{"e":"serverShutdown","E":1770123456789}'
    wrapped = f'{{"stream":"!serverShutdown","data":{notice}}}'
    assert [read_message(text, NAMES, 7) for text in (notice, wrapped)] == [Shutdown()] * 2
    assert read_message(message(), {}, 7) is None


def test_names_and_addresses() -> None:
    """Symbols are in small letters in names; months keep their capital."""
    names = [stream_name(SPOT, Series("binance", "BTCUSDT", each)) for each in INTERVALS]
    assert len(set(names)) == 16
    assert names[-1] == "btcusdt@kline_1M"
    assert address("wss://host", names[:2]) == (
        "wss://host/stream?streams=btcusdt@kline_1s/btcusdt@kline_1m"
    )
    assert address("wss://host", []) == "wss://host/stream"
    odd = stream_name(SPOT, Series.parse("binance:币安USDT:1m"))
    assert address("wss://host", [odd]).isascii()
    assert orjson.loads(command("SUBSCRIBE", ["a", "b"], 5)) == {
        "method": "SUBSCRIBE",
        "params": ["a", "b"],
        "id": 5,
    }


def test_impossible_series() -> None:
    """What Binance would acknowledge and never send is refused here."""
    with pytest.raises(NoSuchInterval, match="1s"):
        stream_name(UM, Series.parse("binance-um:BTCUSDT:1s"))
    with pytest.raises(UnknownSymbol, match="BTCUSDT"):
        stream_name(SPOT, Series.parse("binance:btcusdt:1m"))


def test_which_exchanges_stream() -> None:
    """Streams are found by name, switched off by a word, and go with the exchange's own hosts."""
    told = {"clock": SystemClock(), "heard": print, "changed": print}
    assert stream_names() == ["binance", "binance-um"]
    assert stream_setting("binance-um") == "binance_um_stream_url"
    assert stream_setting("nobody") == ""
    assert open_stream("nobody", **told) is None  # type: ignore[arg-type]
    assert open_stream("binance", urls=["none"], **told) is None  # type: ignore[arg-type]
    assert goes_with("binance", [])
    assert goes_with("binance", ["https://api1.binance.com"])
    assert not goes_with("binance", ["https://api.binance.us"])
    assert not goes_with("binance", ["http://127.0.0.1:1"])


@pytest.mark.parametrize("name", [[], {}, [[1]]])
def test_a_stream_without_a_name(name: object) -> None:
    """A message of something that is no stream is passed over."""
    body = orjson.dumps({"stream": name, "data": {"k": CANDLE}})
    assert read_message(body, NAMES, 5) is None


def test_a_number_and_a_line_end() -> None:
    """A price with a line's end after it cannot be kept exactly, so the candle is none."""
    with pytest.raises(BadAnswer, match="no candle"):
        read_message(message(o="93576.5\n"), NAMES, 5)


@pytest.mark.parametrize("key", ["data", "error", "result"])
def test_nested_deeply(key: str) -> None:
    """A thousand lists in each other are a bad message, or no answer to anything."""
    deep = b"[" * 1_010 + b"]" * 1_010
    told = b'{"stream":"btcusdt@kline_1m","data":' + deep + b"}"
    with pytest.raises(BadAnswer):
        read_message(told, NAMES, 5)
    try:
        read = read_message(b'{"%s":' % key.encode() + deep + b',"id":3}', NAMES, 5)
    except BadAnswer as error:
        assert "nested too deeply" in str(error)  # noqa: PT017  one of both must hold
    else:
        assert read == Reply(3)
