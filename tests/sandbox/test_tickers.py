"""Tickers, the book, and single trades: their shapes, and that they agree with the candles."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sandbox.asking import DAY, HOUR, NOW_MS, Asker

FULL = [
    "symbol",
    "priceChange",
    "priceChangePercent",
    "weightedAvgPrice",
    "prevClosePrice",
    "lastPrice",
    "lastQty",
    "bidPrice",
    "bidQty",
    "askPrice",
    "askQty",
    "openPrice",
    "highPrice",
    "lowPrice",
    "volume",
    "quoteVolume",
    "openTime",
    "closeTime",
    "firstId",
    "lastId",
    "count",
]
MINI = [
    "symbol",
    "openPrice",
    "highPrice",
    "lowPrice",
    "lastPrice",
    "volume",
    "quoteVolume",
    "openTime",
    "closeTime",
    "firstId",
    "lastId",
    "count",
]


def test_day(ask: Asker) -> None:
    """The 24 hours roll with the clock, add up, and number their trades without a hole."""
    day = ask.json("ticker/24hr", symbol="BTCUSDT")
    assert set(day) == set(FULL)
    assert day["closeTime"] - day["openTime"] == DAY
    assert day["closeTime"] == NOW_MS
    assert day["lastId"] - day["firstId"] + 1 == day["count"]
    change = Decimal(day["lastPrice"]) - Decimal(day["openPrice"])
    assert Decimal(day["priceChange"]) == change
    percent = Decimal(day["priceChangePercent"])
    assert abs(percent - 100 * change / Decimal(day["openPrice"])) < Decimal("0.0006")
    assert Decimal(day["bidPrice"]) < Decimal(day["askPrice"])
    hours = ask.rows(symbol="BTCUSDT", interval="1h", limit=24)
    inside = sum(Decimal(row[5]) for row in hours)
    assert inside < Decimal(day["volume"]) < inside * 2
    assert day["lastPrice"] == hours[-1][4]


def test_shapes(ask: Asker) -> None:
    """One symbol is an object, a list or nothing an array; MINI is short."""
    assert isinstance(ask.json("ticker/price", symbol="BTCUSDT"), dict)
    listed = ask.json("ticker/price", symbols='["ETHUSDT","BTCUSDT"]')
    assert [each["symbol"] for each in listed] == ["ETHUSDT", "BTCUSDT"]
    assert len(ask.json("ticker/price")) == len(ask.json("exchangeInfo")["symbols"])
    assert list(ask.json("ticker/24hr", symbol="BTCUSDT", type="MINI")) == MINI
    [only] = ask.json("ticker/price", symbolStatus="BREAK")
    assert only["symbol"] == "XMRUSDT"


def test_symbol_in_break(ask: Asker) -> None:
    """A delisted symbol keeps its last price, has an empty book, and no trades."""
    day = ask.json("ticker/24hr", symbol="XMRUSDT")
    last = ask.rows(symbol="XMRUSDT", interval="1h", limit=1)[-1][4]
    assert day["lastPrice"] == day["openPrice"] == last
    assert (day["count"], day["firstId"], day["lastId"]) == (0, -1, -1)
    assert day["bidPrice"] == "0.00000000"
    assert ask.json("depth", symbol="XMRUSDT")["bids"] == []


@pytest.mark.parametrize(("size", "minutes"), [("1m", 1), ("2h", 120), ("7d", 10_080)])
def test_rolling(ask: Asker, size: str, minutes: int) -> None:
    """A rolling window begins on a minute and holds that much."""
    window = ask.json("ticker", symbol="ETHUSDT", windowSize=size)
    assert window["openTime"] == (NOW_MS - minutes * 60_000) // 60_000 * 60_000
    assert "bidPrice" not in window
    assert window["count"] > 0


def test_trading_day(ask: Asker) -> None:
    """The trading day so far is today's candle."""
    today = ask.rows(symbol="ETHUSDT", interval="1d", limit=1)[0]
    window = ask.json("ticker/tradingDay", symbol="ETHUSDT")
    assert window["openTime"] == today[0]
    assert (window["volume"], window["count"], window["highPrice"]) == (
        today[5], today[8], today[2],
    )  # fmt: skip


def test_average(ask: Asker) -> None:
    """The five-minute average lies within the five minutes."""
    average = ask.json("avgPrice", symbol="BTCUSDT")
    rows = ask.rows(symbol="BTCUSDT", interval="1m", limit=6)
    assert average["mins"] == 5
    assert average["closeTime"] == NOW_MS
    low, high = min(row[3] for row in rows), max(row[2] for row in rows)
    assert Decimal(low) <= Decimal(average["price"]) <= Decimal(high)


def test_depth(ask: Asker) -> None:
    """Bids fall, asks rise, and they do not cross; the limit is kept and cut at 5000."""
    book = ask.json("depth", symbol="BTCUSDT", limit=7)
    bids = [Decimal(price) for price, _ in book["bids"]]
    asks = [Decimal(price) for price, _ in book["asks"]]
    assert len(bids) == len(asks) == 7
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    assert len(ask.json("depth", symbol="BTCUSDT", limit=9999)["asks"]) == 5000


def test_trades_make_the_second(ask: Asker) -> None:
    """The single trades of a second make its candle: prices, count and volume."""
    start = NOW_MS // HOUR * HOUR
    [row] = ask.rows(symbol="BTCUSDT", interval="1s", startTime=start, limit=1)
    trades = ask.json(
        "aggTrades", symbol="BTCUSDT", startTime=start, endTime=start + 999, limit=1000
    )
    prices = [Decimal(trade["p"]) for trade in trades]
    assert len(trades) == row[8]
    assert [prices[0], max(prices), min(prices), prices[-1]] == [
        Decimal(row[n]) for n in (1, 2, 3, 4)
    ]
    assert sum(Decimal(trade["q"]) for trade in trades) == Decimal(row[5])
    assert {start <= trade["T"] <= start + 999 for trade in trades} == {True}


@pytest.mark.parametrize("symbol", ["BTCUSDT", "DCRBTC"])
def test_trades(ask: Asker, symbol: str) -> None:
    """The newest trades ascend without a hole, and can be asked again by their numbers."""
    trades = ask.json("trades", symbol=symbol, limit=120)
    ids = [trade["id"] for trade in trades]
    assert ids == list(range(ids[0], ids[0] + 120))
    assert [trade["time"] for trade in trades] == sorted(trade["time"] for trade in trades)
    assert trades[-1]["time"] <= NOW_MS
    assert trades[-1]["price"] == ask.json("ticker/price", symbol=symbol)["price"]
    assert ids[-1] == ask.json("ticker/24hr", symbol=symbol)["lastId"]
    again = ask.json("historicalTrades", symbol=symbol, fromId=ids[20], limit=30)
    assert again == trades[20:50]
    by_id = ask.json("aggTrades", symbol=symbol, fromId=ids[20], limit=5)
    assert [trade["a"] for trade in by_id] == ids[20:25]


def test_first_trade_ever(ask: Asker) -> None:
    """Trades are numbered from the listing on; a number that is not yet given has no trade."""
    [first] = ask.json("aggTrades", symbol="BTCUSDT", fromId=0, limit=1)
    assert first["a"] == 0
    assert first["T"] // 1000 == 1_502_942_400
    assert ask.json("aggTrades", symbol="BTCUSDT", fromId=10**15) == []
