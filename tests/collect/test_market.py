"""Market caps as they are given back: who can be charted, what changed, and over which times."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.series import Series
from chandlery.collect.market_pairs import coin_pairs
from chandlery.collect.market_past import changes_of, hourly, past_of, picked, ranked
from chandlery.market import MarketCap, SymbolInfo, SymbolStatus
from chandlery.store import PastCap, PastPlace

HOUR_MS = 3_600_000


def coin(coin_id: str, symbol: str) -> MarketCap:
    """A coin of which only names matter."""
    return MarketCap(coin_id, symbol, coin_id, None, None, Decimal(1), None, None, None)


def listing(*symbols: str, status: SymbolStatus = "TRADING") -> dict[str, SymbolInfo]:
    """Symbols such as BTC/USDT."""
    pairs = [one.split("/") for one in symbols]
    infos = [SymbolInfo(base + quote, base, quote, status) for base, quote in pairs]
    return {info.symbol: info for info in infos}


class TestPairs:
    """From a coin to a series."""

    def test_kept_before_listed(self) -> None:
        """A series that is kept comes first, the best quote among those kept, as it was wanted."""
        kept = [Series.parse(f"binance:{name}") for name in ("BTCUSDC:1m", "BTCUSDT:4h")]
        kept.append(Series.parse("binance:BTCUSDT:1h"))
        listed = listing("BTC/USDT", "BTC/USDC")
        assert coin_pairs([coin("bitcoin", "btc")], kept, listed) == {"bitcoin": kept[1]}
        assert coin_pairs([coin("bitcoin", "btc")], kept[:1], listed) == {"bitcoin": kept[0]}

    def test_listed(self) -> None:
        """What is not kept leads to the exchange's own pair, in the best quote, if it trades."""
        listed = listing("ADA/BTC", "ADA/FDUSD", "XRP/EUR") | listing("DOT/USDT", status="BREAK")
        coins = [coin("cardano", "ada"), coin("ripple", "xrp"), coin("polkadot", "dot")]
        found = coin_pairs(coins, [], listed)
        assert {key: str(one) for key, one in found.items()} == {"cardano": "binance:ADAFDUSD:1h"}

    def test_same_ticker(self) -> None:
        """Of several coins with one ticker only the biggest is taken for the listed one."""
        coins = [coin("bitcoin", "btc"), coin("other-bitcoin", "BTC")]
        assert list(coin_pairs(coins, [], listing("BTC/USDT"))) == ["bitcoin"]

    def test_base_must_match(self) -> None:
        """A symbol that reads alike but has another base is no pair, kept or not."""
        listed = {"TUSDT": SymbolInfo("TUSDT", "TUS", "DT", "TRADING")}
        kept = [Series.parse("binance:TUSDT:1h")]
        assert coin_pairs([coin("threshold", "t")], kept, listed) == {}
        assert coin_pairs([coin("tether", "usdt")], [], listing("BTC/USDT")) == {}


@given(st.lists(st.integers(0, 10**9), unique=True, max_size=80).map(sorted), st.integers(2, 30))
def test_picked(times: list[int], points: int) -> None:
    """Never more than asked for, ascending, from the first to the last."""
    found = picked(times, points)
    assert len(found) <= points
    assert found == sorted(set(found))
    assert set(found) <= set(times)
    assert (found[:1], found[-1:]) == (times[:1], times[-1:])


def test_hourly() -> None:
    """The first of each hour is looked at."""
    assert hourly([1, 2, HOUR_MS, HOUR_MS + 1, 5 * HOUR_MS]) == [1, HOUR_MS, 5 * HOUR_MS]


def test_past() -> None:
    """Coins are those biggest at the end; the others are summed, and what is missing is null."""
    rows = [
        PastCap(1, 0, "a", "a", "A", Decimal(9)),
        PastCap(2, 0, "b", "b", "B", Decimal(8)),
        PastCap(2, 1, "a", "a", "A", Decimal(7)),
        PastCap(2, 2, "c", "c", "C", Decimal("0.5")),
        PastCap(2, 3, "d", "d", "D", Decimal("0.25")),
    ]
    found = past_of(rows, 2)
    assert found.times == (1, 2)
    assert [(one.id, one.caps) for one in found.coins] == [
        ("b", (None, Decimal(8))),
        ("a", (Decimal(9), Decimal(7))),
    ]
    assert found.others == (None, Decimal("0.75"))
    assert found.kept == (1, 4)
    assert past_of([], 2).times == ()


def test_changes() -> None:
    """Who enters and leaves is told with the rank afterwards; a shorter snapshot tells nothing."""
    order = {1: "abc", 2: "bac", 3: "bca", 4: "b", 5: "abd"}
    rows = [
        PastPlace(at, place, name, name.upper())
        for at, names in order.items()
        for place, name in enumerate(names)
        if place < 2
    ]
    (change,) = list(changes_of(rows, 2))
    assert (change.taken_ms, [one.id for one in change.left]) == (3, ["a"])
    assert [(one.id, one.rank) for one in change.entered] == [("c", 2)]
    assert ranked(change, {(3, "a"): 3}).left[0].rank == 3
