"""The contract of everything in the store that is not candles, on every engine."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from chandlery.candles.frame import Candles
from chandlery.candles.interval import HOUR_MS
from chandlery.candles.series import Series
from chandlery.clock import FrozenClock
from chandlery.errors import StoreError
from chandlery.market import MarketCap, MarketCapSnapshot, SymbolInfo
from chandlery.store import Held, RunRecord, Store
from chandlery.store.sql.database import Database
from chandlery.store.work.run_table import RunTable
from tests.store.pages import BTC, ETH, hours, page

BITCOIN = MarketCap(
    id="bitcoin",
    symbol="btc",
    name="Bitcoin",
    rank=1,
    price=Decimal("65432.10"),
    market_cap=Decimal(1309876543210),
    volume_24h=Decimal("1E+10"),
    change_24h_percent=Decimal("-0.000000012345678901"),
    last_updated_ms=123,
)
UNKNOWN = MarketCap("x", "x", "X", None, None, None, None, None, None)
RUN = RunRecord("a", str(BTC), 1_000, 2_000, "done", '{"new": 1}')


def test_catalogue(store: Store, clock: FrozenClock) -> None:
    """One line per series, by name, with counters that leave forming candles out."""
    store.candles.keep(page({1: 1}, series=ETH), answered=None, source="rest")
    store.candles.keep(page({4: 1, 5: 1, 6: 1}, unfinished=1), answered=None, source="rest")
    clock.advance(1)
    store.candles.keep(page({2: 1, 4: 2}), answered=None, source="rest")
    assert store.catalogue() == [
        Held(BTC, 3, 2 * HOUR_MS, 5 * HOUR_MS, 1_001_000, 1),
        Held(ETH, 1, HOUR_MS, HOUR_MS, 1_000_000, 0),
    ]


def test_catalogue_of_an_empty_series(store: Store, clock: FrozenClock) -> None:
    """A series that was asked for and has no candles is listed, and says when it was asked."""
    store.candles.keep(Candles(BTC), answered=hours(0, 1), source="rest")
    assert store.catalogue() == [Held(BTC, 0, None, None, clock.now_ms(), 0)]


def test_catalogue_orders_intervals_by_length(store: Store) -> None:
    """Minutes come before hours, and hours before months."""
    texts = [f"binance:BTCUSDT:{text}" for text in ("1m", "2h", "12h", "1M")]
    for text in reversed(texts):
        store.candles.keep(Candles(Series.parse(text)), answered=None, source="rest")
    assert [str(held.series) for held in store.catalogue()] == texts


def test_everything_survives_a_restart(url: str) -> None:
    """A store that is opened again has what was kept."""
    with Store.open(url) as store:
        store.candles.keep(page({1: 1, 2: 2}), answered=hours(1, 3), source="rest")
        with Store.open(url) as again:
            assert again.candles.read(BTC).frame.equals(store.candles.read(BTC).frame)
            assert again.catalogue() == store.catalogue()


def test_a_closed_store_says_so(store: Store) -> None:
    """Closing twice is fine; using it afterwards is an error that names the store."""
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed already"):
        store.catalogue()


def test_market_caps(store: Store) -> None:
    """The newest snapshot of a currency comes back exactly, in its order."""
    assert store.market_caps.latest() is None
    older = MarketCapSnapshot(1_000, "usd", (UNKNOWN,))
    newer = MarketCapSnapshot(2_000, "usd", (BITCOIN, UNKNOWN))
    euro = MarketCapSnapshot(3_000, "eur", ())
    for snapshot in (newer, older, euro, newer):
        store.market_caps.keep(snapshot)
    assert store.market_caps.latest() == newer
    assert store.market_caps.latest("eur") == euro
    assert store.market_caps.latest("chf") is None


def test_a_snapshot_of_the_same_moment_is_replaced(store: Store) -> None:
    """Keeping another list for the same moment leaves no coin of the first one."""
    store.market_caps.keep(MarketCapSnapshot(1, "usd", (BITCOIN, UNKNOWN)))
    store.market_caps.keep(MarketCapSnapshot(1, "usd", (UNKNOWN,)))
    assert store.market_caps.latest() == MarketCapSnapshot(1, "usd", (UNKNOWN,))


def test_claim(store: Store) -> None:
    """One call per period is granted, whoever asks; the store remembers when."""
    assert store.market_caps.last_call_ms() is None
    asked = [0, 1, 59_999, 60_000, 60_001, 200_000]
    granted = [store.market_caps.claim(now_ms, 60_000) for now_ms in asked]
    assert granted == [True, False, False, True, False, True]
    assert store.market_caps.last_call_ms() == 200_000


def test_claim_after_the_clock_went_back(store: Store) -> None:
    """A little behind is another process's clock; far behind means that the grant was wrong."""
    assert store.market_caps.claim(1_000_000, 60_000)
    assert not store.market_caps.claim(999_000, 60_000)
    assert store.market_caps.claim(500_000, 60_000)


def test_symbols(store: Store, clock: FrozenClock) -> None:
    """Each exchange's list comes back in its order, with the time it was fetched."""
    bitcoin = SymbolInfo("BTCUSDT", "BTC", "USDT", "TRADING", 2)
    luna = SymbolInfo("LUNAUSDT", "LUNA", "USDT", "BREAK")
    assert store.symbols.read("binance") is None
    store.symbols.keep("binance", [luna, bitcoin])
    store.symbols.keep("other", [])
    clock.advance(1)
    assert store.symbols.read("binance") == ([luna, bitcoin], 1_000_000)
    assert store.symbols.read("other") == ([], 1_000_000)
    store.symbols.keep("binance", [bitcoin])
    assert store.symbols.read("binance") == ([bitcoin], 1_001_000)


def test_runs(store: Store) -> None:
    """Runs come newest first, of one series or of all, each as it was written last."""
    later = RunRecord("b", str(ETH), 5_000, None, "running", "{}")
    for run in (later, RUN, replace(RUN, outcome="failed"), RUN):
        store.runs.keep(run)
    assert store.runs.latest(None, 10) == [later, RUN]
    assert store.runs.latest(None, 1) == [later]
    assert store.runs.latest(BTC, 10) == [RUN]


def test_old_runs_are_forgotten(url: str) -> None:
    """Only the newest runs are kept, by the time they started."""
    database = Database.open(url)
    runs = RunTable(database, keep_newest=3)
    for number in (5, 1, 4, 2, 3):
        runs.keep(replace(RUN, id=str(number), started_ms=number))
    database.close()
    with Store.open(url) as store:
        assert [run.id for run in store.runs.latest(None, 10)] == ["5", "4", "3"]
