"""Folding: when candles move to the lake, and that nothing is lost or doubled on the way."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.frame import Candles
from chandlery.clock import FrozenClock
from chandlery.errors import StoreLocked
from chandlery.store import FoldPolicy, Kept, Store
from chandlery.store.lake.cold import Cold
from chandlery.store.sql.database import Database
from tests.store import crowd as at_once
from tests.store.crowd import Crowd
from tests.store.eager import SMALL
from tests.store.lakes import Slow, files, in_database, in_files, keep, proven
from tests.store.pages import BTC, ETH, hours, page, prices, same

pytestmark = pytest.mark.slow  # many, which take long together


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    """The lake of `two_tiers`, seen by a process for which it is slow."""
    return Slow(str(tmp_path / "lake"))


def other(url: str, slow: Slow, clock: FrozenClock) -> Store:
    """Another process's store with that lake."""
    return Store(Database.open(url), clock, slow, SMALL)


def test_not_due(two_tiers: Store, url: str) -> None:
    """Nothing is folded until there are enough candles beyond the newest ones."""
    keep(two_tiers, {n: n for n in range(4)})
    assert not two_tiers.folding.is_due(BTC)
    assert two_tiers.folding.fold(BTC) == 0
    assert in_database(url) == [0, 1, 2, 3]


def test_by_policy(two_tiers: Store, url: str, tmp_path: Path) -> None:
    """The newest stay, and the forming one; others move, in steps, until too few are left."""
    keep(two_tiers, {n: n for n in range(20)}, unfinished=1)
    assert two_tiers.folding.is_due(BTC)
    assert two_tiers.folding.fold(BTC) == 15
    assert in_database(url) == [15, 16, 17, 18]
    assert in_files(tmp_path / "lake") == list(range(15))
    read = two_tiers.candles.read(BTC)
    assert (prices(read), read.unfinished) == (same({n: n for n in range(20)}), 1)
    assert two_tiers.folding.fold(BTC) == 0
    assert proven(two_tiers) == 19


def test_unknown_series(two_tiers: Store) -> None:
    """A series that was never kept has nothing to fold."""
    assert not two_tiers.folding.is_due(BTC)
    assert two_tiers.folding.fold(BTC, everything=True) == 0


def test_without_a_lake(shared: Store) -> None:
    """A store without a lake folds nothing, however much it has."""
    keep(shared, {n: n for n in range(20)})
    assert not shared.folding.is_due(BTC)
    assert shared.folding.fold(BTC, everything=True) == 0


def test_everything_leaves_the_newest(two_tiers: Store, url: str) -> None:
    """Folding everything moves all but those that stay hot, though fewer than make a fold."""
    keep(two_tiers, {1: 1, 2: 2, 3: 3})
    assert two_tiers.folding.fold(BTC, everything=True) == 1
    assert in_database(url) == [2, 3]
    assert proven(two_tiers) == 3


def test_what_does_not_fit_stays(two_tiers: Store, url: str, tmp_path: Path) -> None:
    """Prices of ten thousand million and more stay hot between folded ones, and are read."""
    rows = {1: 1, 2: 10**10, 3: -(10**10), 4: 10**10 - 1, 5: -5, 6: 6, 7: 7}
    keep(two_tiers, rows)
    two_tiers.folding.fold(BTC, everything=True)
    assert in_files(tmp_path / "lake") == [1, 4, 5]
    assert in_database(url) == [2, 3, 6, 7]
    assert prices(two_tiers.candles.read(BTC)) == same(rows)
    assert prices(two_tiers.candles.scan(BTC).collect()) == same(rows)
    assert two_tiers.candles.opens(BTC).len() == proven(two_tiers) == len(rows)
    assert keep(two_tiers, rows) == Kept(unchanged=len(rows))


def test_digits_are_exact(two_tiers: Store) -> None:
    """Every digit of prices and volumes comes back out of the lake."""
    text = "9999999999.99999999"
    dear = page({1: text, 2: "0.00000001", 3: f"-{text}", 4: 4, 5: 5})
    large = pl.lit(Decimal("123456789012345678901234567890.12345678"), dtype=pl.Decimal(38, 8))
    kept = Candles(BTC, dear.frame.with_columns(large.alias("volume")))
    two_tiers.candles.keep(kept, answered=None, source="rest")
    assert two_tiers.folding.fold(BTC, everything=True) == 3
    assert two_tiers.candles.read(BTC).frame.equals(kept.frame)


def test_revised_after_folding(two_tiers: Store, clock: FrozenClock, tmp_path: Path) -> None:
    """The newer version counts and the folded one is kept, with its own time and source."""
    two_tiers.candles.keep(page(dict.fromkeys(range(9), 1)), answered=None, source="file")
    two_tiers.folding.fold(BTC)
    for price in (2, 3):
        clock.advance(60)
        assert keep(two_tiers, {3: price}) == Kept(revised=1)
        assert prices(two_tiers.candles.read(BTC, span=hours(3, 4))) == {3: price}
        two_tiers.folding.fold(BTC, everything=True)
        assert prices(two_tiers.candles.read(BTC, span=hours(3, 4))) == {3: price}
    older = two_tiers.candles.revisions(BTC).select("open", "known_ms", "replaced_ms", "source")
    assert older.rows() == [
        (1, 1_000_000, 1_060_000, "file"),
        (2, 1_060_000, 1_120_000, "rest"),
    ]
    assert in_files(tmp_path / "lake") == list(range(7))
    assert (two_tiers.catalogue()[0].revisions, proven(two_tiers)) == (2, 9)


@pytest.mark.parametrize("seconds", [0, -3600])
def test_revised_while_the_clock_went_back(
    two_tiers: Store, clock: FrozenClock, seconds: int
) -> None:
    """What was kept later counts in the lake too, by whatever clock."""
    keep(two_tiers, dict.fromkeys(range(9), 1))
    two_tiers.folding.fold(BTC)
    clock.advance(seconds)
    for price in (2, 3):
        keep(two_tiers, {3: price})
        two_tiers.folding.fold(BTC, everything=True)
        assert prices(two_tiers.candles.read(BTC, span=hours(3, 4))) == {3: price}


def test_evidence_of_both_tiers(two_tiers: Store, clock: FrozenClock) -> None:
    """Since when and from where a candle is known survives the fold."""
    keep(two_tiers, {n: n for n in range(9)})
    two_tiers.folding.fold(BTC)
    clock.advance(1)
    two_tiers.candles.keep(page({2: 20, 9: 9}), answered=None, source="file")
    found = two_tiers.candles.evidence(BTC, hours(1, 10))
    assert found["known_ms"].to_list() == [1_000_000, 1_001_000, *[1_000_000] * 6, 1_001_000]
    assert found["source"].to_list() == ["rest", "file", *["rest"] * 6, "file"]
    assert prices(found)[2] == 20


def test_revised_on_the_way(two_tiers: Store, url: str, slow: Slow, clock: FrozenClock) -> None:
    """A candle that changes between the writing to the lake and the settling is not lost."""
    keep(two_tiers, dict.fromkeys(range(7), 1))
    slow.afterwards = lambda: keep(two_tiers, {2: 2})
    with other(url, slow, clock) as folding:
        folding.folding.fold(BTC)
    assert prices(two_tiers.candles.read(BTC)) == dict.fromkeys(range(7), 1) | {2: 2}
    assert 2 in in_database(url)
    two_tiers.folding.fold(BTC, everything=True)
    assert prices(two_tiers.candles.read(BTC, span=hours(2, 3))) == {2: 2}
    assert proven(two_tiers) == 7


def test_an_old_version_comes_late(
    two_tiers: Store, url: str, slow: Slow, clock: FrozenClock
) -> None:
    """A slow process that writes what another has revised and folded since does no harm."""
    keep(two_tiers, dict.fromkeys(range(7), 1))

    def revise_and_fold() -> None:
        clock.advance(1)
        keep(two_tiers, {2: 2, 7: 7, 8: 8})
        two_tiers.folding.fold(BTC)

    slow.meanwhile = revise_and_fold
    with other(url, slow, clock) as late:
        late.folding.fold(BTC)
    expected = dict.fromkeys(range(7), 1) | {2: 2, 7: 7, 8: 8}
    assert prices(two_tiers.candles.read(BTC)) == expected
    assert proven(two_tiers) == 9


def test_a_late_candle_within_a_fold(two_tiers: Store, tmp_path: Path) -> None:
    """A candle that fills a hole among folded ones is new, counted once, and folded later."""
    keep(two_tiers, {n: n for n in range(9) if n != 3})
    two_tiers.folding.fold(BTC)
    assert keep(two_tiers, {3: 3}) == Kept(new=1)
    assert proven(two_tiers) == 9
    two_tiers.folding.fold(BTC, everything=True)
    assert in_files(tmp_path / "lake") == list(range(7))
    assert proven(two_tiers) == 9


@pytest.mark.slow
def test_folded_by_all(crowd: Crowd, url: str, tmp_path: Path) -> None:
    """Processes that fold one series at once move each candle once."""
    lake = str(tmp_path / "lake")
    rows = {n: n for n in range(40)}
    with Store.open(url, lake=lake, policy=SMALL) as store:
        keep(store, rows)
        assert sum(crowd.all_at_once(at_once.fold, url, lake)) == 38
        assert prices(store.candles.read(BTC)) == rows
        assert in_database(url) == [38, 39]
        assert proven(store) == 40


def test_kept_and_folded_by_all(crowd: Crowd, url: str, tmp_path: Path) -> None:
    """Writers that fold after every page, with holes between their candles, lose nothing."""
    lake = str(tmp_path / "lake")
    assert crowd.all_at_once(at_once.keep_and_fold, url, lake, 6) == [6] * crowd.size
    with Store.open(url, lake=lake, policy=SMALL) as store:
        assert prices(store.candles.read(BTC)) == {n: n for n in range(6 * crowd.size)}
        assert proven(store) == 6 * crowd.size


def test_another_lake_is_not_written(two_tiers: Store, url: str, tmp_path: Path) -> None:
    """When the lake is not the one that has the older candles, nothing is folded into it."""
    keep(two_tiers, {n: n for n in range(9)})
    two_tiers.folding.fold(BTC)
    keep(two_tiers, {n: n for n in range(9, 20)})
    with (
        Store.open(url, lake=str(tmp_path / "wrong"), policy=SMALL) as wrong,
        pytest.raises(Exception, match="CHANDLERY_LAKE_URL"),
    ):
        wrong.folding.fold(BTC)
    assert not (tmp_path / "wrong").exists()
    assert two_tiers.folding.fold(BTC) == 13
    assert proven(two_tiers) == 20


def test_series_fold_apart(two_tiers: Store, tmp_path: Path) -> None:
    """Two symbols share a table, and nothing of one stands in files of the other."""
    for series in (BTC, ETH):
        keep_all = page({n: n for n in range(9)}, series=series)
        two_tiers.candles.keep(keep_all, answered=None, source="rest")
    two_tiers.folding.fold(BTC, everything=True)
    assert files(tmp_path / "lake", ETH) == []
    two_tiers.folding.fold(ETH, everything=True)
    assert in_files(tmp_path / "lake", ETH) == list(range(7))
    assert (proven(two_tiers, BTC), proven(two_tiers, ETH)) == (9, 9)


def test_defaults() -> None:
    """By default a chart's candles stay hot, and folds are large enough for few files."""
    policy = FoldPolicy()
    assert (policy.keep_hot, policy.least, policy.grace_hours) == (5_000, 20_000, 24.0)
    assert policy.least <= policy.most <= policy.file_rows


def test_a_replacement_leaves_what_was_added(two_tiers: Store, tmp_path: Path) -> None:
    """What another process has added since the files were listed is not taken away."""
    keep(two_tiers, {n: n for n in (1, 5, 6, 7)})
    two_tiers.folding.fold(BTC, everything=True)
    one, another = (Cold(str(tmp_path / "lake")) for _ in range(2))
    rows = two_tiers.candles.evidence(BTC, hours(1, 8))
    with one.table(BTC).turn("BTCUSDT") as turn:
        with another.table(BTC).turn("BTCUSDT") as faster:
            faster.append(rows.filter(pl.col("trades") == 6))
        turn.replace(hours(1, 8), [rows.head(1)])
    assert 6 in in_files(tmp_path / "lake")


def test_two_replacements_of_one_file(two_tiers: Store, tmp_path: Path) -> None:
    """The second one of a file that is gone is refused, and changes nothing."""
    keep(two_tiers, {n: n for n in (1, 5, 6, 7)})
    two_tiers.folding.fold(BTC, everything=True)
    one, another = (Cold(str(tmp_path / "lake")) for _ in range(2))
    rows = two_tiers.candles.evidence(BTC, hours(1, 8))
    with one.table(BTC).turn("BTCUSDT") as turn:
        with another.table(BTC).turn("BTCUSDT") as faster:
            faster.replace(hours(1, 8), [rows])
        with pytest.raises(StoreLocked, match="try again"):
            turn.replace(hours(1, 8), [rows.head(1)])
    assert in_files(tmp_path / "lake") == [1, 5, 6, 7]
