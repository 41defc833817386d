"""Candles of archive files: where they go, what they may change, and what is written down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from chandlery.candles.frame import Candles, empty
from chandlery.candles.interval import HOUR_MS
from chandlery.clock import FrozenClock
from chandlery.store import Filed, Held, Kept, Store
from chandlery.store.sql.database import Database
from tests.store.eager import SMALL
from tests.store.lakes import Slow, file_of, in_database, in_files, proven, record
from tests.store.pages import BTC, ETH, hours, page, prices, same


def file(store: Store, rows: dict[int, int], path: str = "month.zip") -> Filed:
    """Keep the candles of one file."""
    candles = page(rows)
    return store.archive.keep(BTC, candles.frame, [file_of(candles, path)])


def test_new_candles_go_cold(
    two_tiers: Store, url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    """They stand in the lake at once, and the catalogue knows how many, from when until when."""
    assert file(two_tiers, {n: n for n in range(10, 20)}) == Filed(Kept(new=10))
    assert in_database(url) == []
    assert in_files(tmp_path / "lake") == list(range(10, 20))
    assert prices(two_tiers.candles.read(BTC)) == {n: n for n in range(10, 20)}
    held = Held(BTC, 10, 10 * HOUR_MS, 19 * HOUR_MS, clock.now_ms(), 0)
    assert two_tiers.catalogue() == [held]
    file(two_tiers, {n: n for n in (3, 4)}, "before.zip")
    file(two_tiers, {n: n for n in (30, 31)}, "after.zip")
    held = Held(BTC, 14, 3 * HOUR_MS, 31 * HOUR_MS, clock.now_ms(), 0)
    assert two_tiers.catalogue() == [held]
    assert proven(two_tiers) == 14


def test_evidence(two_tiers: Store) -> None:
    """Each candle says that it came from the archive, and when."""
    file(two_tiers, {1: 1})
    (candle,) = two_tiers.candles.evidence(BTC, hours(0, 9)).to_dicts()
    assert (candle["source"], candle["known_ms"]) == ("archive", 1_000_000)


def test_again_changes_nothing(store: Store) -> None:
    """The same file a second time is unchanged, to the last row."""
    rows = {n: n for n in range(10)}
    file(store, rows)
    before = (
        store.candles.evidence(BTC, hours(0, 9)),
        store.catalogue(),
        store.ledger.entries(BTC),
    )
    assert file(store, rows) == Filed(Kept(unchanged=10))
    assert before[0].equals(store.candles.evidence(BTC, hours(0, 9)))
    assert before[1:] == (store.catalogue(), store.ledger.entries(BTC))


def test_holes_are_not_empty(store: Store) -> None:
    """What a file has is stored; about what it lacks nothing is said."""
    file(store, {1: 1, 2: 2, 5: 5}, "holes.zip")
    assert [
        (one.state, one.span, one.source, one.request) for one in store.ledger.entries(BTC)
    ] == [
        ("stored", hours(1, 3), "archive", "holes.zip"),
        ("stored", hours(5, 6), "archive", "holes.zip"),
    ]
    proof = store.prove(BTC)
    assert (proof.holds, proof.unasked, proof.empty) == (True, 2, 0)


def test_emptiness_ends_where_a_file_has_a_candle(store: Store) -> None:
    """What the exchange called empty is stored as soon as a file has it."""
    store.candles.keep(Candles(BTC), answered=hours(0, 5), source="rest")
    file(store, {2: 2})
    states = [(one.state, one.span) for one in store.ledger.entries(BTC)]
    assert states == [("empty", hours(0, 2)), ("stored", hours(2, 3)), ("empty", hours(3, 5))]
    assert proven(store) == 1


def test_the_exchange_has_the_last_word(store: Store) -> None:
    """Where REST gave other candles they stay, and are counted as contradicted."""
    store.candles.keep(page({2: 20, 3: 3}), answered=hours(2, 4), source="rest")
    filed = file(store, {1: 1, 2: 2, 3: 3, 4: 4})
    assert filed == Filed(Kept(new=2, unchanged=1), contradicted=1)
    assert prices(store.candles.read(BTC)) == same({1: 1, 2: 20, 3: 3, 4: 4})
    assert store.candles.revisions(BTC).is_empty()
    assert file(store, {1: 1, 2: 2, 3: 3, 4: 4}).contradicted == 1
    assert proven(store) == 4


def test_a_file_does_not_overrule_a_folded_candle(two_tiers: Store) -> None:
    """That what REST gave stands in the lake by now makes no difference."""
    two_tiers.candles.keep(page(dict.fromkeys(range(9), 1)), answered=None, source="rest")
    two_tiers.folding.fold(BTC, everything=True)
    assert file(two_tiers, {2: 2, 3: 1}) == Filed(Kept(unchanged=1), contradicted=1)
    assert prices(two_tiers.candles.read(BTC)) == dict.fromkeys(range(9), 1)


def test_the_exchange_speaks_meanwhile(
    two_tiers: Store, url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    """What REST gives while a file is on its way to the lake stays, also when it is folded."""
    slow = Slow(str(tmp_path / "lake"))
    slow.meanwhile = lambda: two_tiers.candles.keep(
        page({2: 20, 9: 9, 10: 10}), answered=None, source="rest"
    )
    with Store(Database.open(url), clock, slow, SMALL) as other:
        assert file(other, {1: 1, 2: 2, 3: 3}).kept.new == 2
    assert prices(two_tiers.candles.read(BTC)) == same({1: 1, 2: 20, 3: 3, 9: 9, 10: 10})
    two_tiers.folding.fold(BTC, everything=True)
    assert prices(two_tiers.candles.read(BTC)) == same({1: 1, 2: 20, 3: 3, 9: 9, 10: 10})
    assert proven(two_tiers) == 5


def test_a_file_issued_anew(store: Store, clock: FrozenClock) -> None:
    """Candles of the first issue that differ in the second are revised, and their old form kept."""
    file(store, {1: 1, 2: 2, 3: 3})
    clock.advance(60)
    assert file(store, {1: 1, 2: 22, 3: 3, 4: 4}) == Filed(Kept(new=1, unchanged=2, revised=1))
    assert prices(store.candles.read(BTC)) == same({1: 1, 2: 22, 3: 3, 4: 4})
    older = store.candles.revisions(BTC).select("open", "source", "known_ms", "replaced_ms")
    assert older.rows() == [(2, "archive", 1_000_000, 1_060_000)]
    assert proven(store) == 4


def test_rest_revises_a_file(store: Store, clock: FrozenClock) -> None:
    """What the exchange gives later in another form replaces the candle of the file."""
    file(store, {1: 1, 2: 2})
    clock.advance(60)
    kept = store.candles.keep(page({1: 1, 2: 9}), answered=hours(1, 3), source="rest")
    assert kept == Kept(unchanged=1, revised=1)
    assert prices(store.candles.read(BTC)) == same({1: 1, 2: 9})
    assert file(store, {1: 1, 2: 2}) == Filed(Kept(unchanged=1), contradicted=1)
    assert proven(store) == 2


def test_into_a_hole_of_what_is_folded(two_tiers: Store) -> None:
    """Candles between folded ones are counted once, wherever they go."""
    rows = {n: n for n in range(12)}
    two_tiers.candles.keep(
        page({n: n for n in rows if n not in {3, 4}}), answered=None, source="rest"
    )
    two_tiers.folding.fold(BTC, everything=True)
    assert file(two_tiers, rows) == Filed(Kept(new=2, unchanged=10))
    assert prices(two_tiers.candles.read(BTC)) == rows
    assert proven(two_tiers) == 12
    two_tiers.folding.fold(BTC, everything=True)
    assert prices(two_tiers.candles.read(BTC)) == rows
    assert proven(two_tiers) == 12


def test_what_does_not_fit_stays_hot(two_tiers: Store, url: str) -> None:
    """Prices that the lake cannot hold go to the database."""
    assert file(two_tiers, {1: 1, 2: 10**10, 3: 3}) == Filed(Kept(new=3))
    assert in_database(url) == [2]
    assert proven(two_tiers) == 3


def test_forming_candles_are_forgotten(store: Store) -> None:
    """A candle that formed in the time of a file is closed by it."""
    store.candles.keep(page({1: 1, 2: 9}, unfinished=1), answered=hours(1, 2), source="rest")
    assert file(store, {1: 1, 2: 2, 3: 3}).kept == Kept(new=2, unchanged=1)
    read = store.candles.read(BTC)
    assert (prices(read), read.unfinished) == (same({1: 1, 2: 2, 3: 3}), 0)
    assert proven(store) == 3


def test_records(store: Store, clock: FrozenClock) -> None:
    """Files are remembered by series and path, as they were last, and when they were seen."""
    late = record("b.zip", hours(10, 20), 10)
    early = record("a.zip", hours(0, 10), 10)
    frame = page({n: n for n in range(20)}).frame
    store.archive.keep(BTC, frame, [late, early])
    assert store.archive.records(BTC) == [early, late]
    assert store.archive.records(ETH) == []
    anew = replace(late, sha256="11", etag="other", fetched_ms=77)
    store.archive.keep(BTC, frame, [anew])
    assert store.archive.records(BTC) == [early, anew]
    store.archive.looked(BTC, "b.zip")
    assert store.archive.records(BTC) == [early, replace(anew, looked_ms=clock.now_ms())]


def test_a_file_without_candles(store: Store) -> None:
    """An empty file is remembered, so that nobody fetches it again."""
    nothing = record("empty.zip", hours(0, 10), 0)
    assert store.archive.keep(BTC, empty(), [nothing]) == Filed()
    assert store.archive.records(BTC) == [nothing]
    assert proven(store) == 0


def test_many_files_at_once(store: Store) -> None:
    """One frame of several files tells of each run by which file it came."""
    rows = {n: n for n in [*range(5), *range(8, 12)]}
    both = [record("a.zip", hours(0, 6), 5), record("b.zip", hours(6, 12), 4)]
    store.archive.keep(BTC, page(rows).frame, both)
    found = [(one.span, one.request) for one in store.ledger.entries(BTC)]
    assert found == [(hours(0, 5), "a.zip"), (hours(8, 12), "b.zip")]


def test_compared_by_every_column(store: Store) -> None:
    """A candle that differs in its trades alone is another one; nulls are equal to nulls."""
    bare = page({1: 1, 2: 2}).frame.with_columns(pl.lit(None, pl.Int64).alias("trades"))
    file_record = [record("a.zip", hours(1, 3), 2)]
    store.archive.keep(BTC, bare, file_record)
    assert store.archive.keep(BTC, bare, file_record) == Filed(Kept(unchanged=2))
    assert store.archive.keep(BTC, page({1: 1, 2: 2}).frame, file_record).kept.revised == 2
