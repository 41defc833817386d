"""A store of two tiers and one of a single tier, given the same, answer the same at every step."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chandlery.candles.frame import Candles
from chandlery.candles.interval import HOUR_MS
from chandlery.clock import FrozenClock
from chandlery.store import FoldPolicy, Kept, Store, sqlite_url
from tests.store.eager import SMALL
from tests.store.lakes import file_of
from tests.store.pages import BTC, hours, page
from tests.torture.lengths import scaled

HOUR = st.integers(0, 24)
PRICE = st.sampled_from([1, 2, 3, 10**10, -7])
ROWS = st.dictionaries(HOUR, PRICE, max_size=10)
KEEPS = st.tuples(
    st.just("keep"), ROWS, st.integers(0, 2), st.none() | st.tuples(HOUR, st.integers(1, 12))
)
FILES = st.tuples(st.just("file"), ROWS)
FOLDS = st.tuples(st.sampled_from(["fold", "fold everything", "tidy", "wait"]))
STEPS = st.lists(st.one_of(KEEPS, KEEPS, FILES, FOLDS, FOLDS), max_size=12)


@dataclass
class Pair:
    """Two stores, of which only the first has a lake."""

    two: Store
    one: Store
    clock: FrozenClock
    turn: int = 0

    def do(self, step: tuple[object, ...]) -> None:
        """The same to both; what was done has to count the same."""
        what, *how = step
        if what == "keep":
            rows, unfinished, asked = how
            assert isinstance(rows, dict)
            assert isinstance(unfinished, int)
            self.keep(rows, min(unfinished, len(rows)), asked)
        elif what == "file":
            (rows,) = how
            assert isinstance(rows, dict)
            filed = [self.file(store, rows) for store in (self.two, self.one)]
            assert filed[0] == filed[1]
        elif what == "wait":
            self.clock.advance(3600)
        elif what == "tidy":
            self.two.folding.tidy(BTC)
        else:
            self.two.folding.fold(BTC, everything=what == "fold everything")

    def keep(self, rows: dict[int, int], unfinished: int, asked: object) -> None:
        """Keep a page as an exchange could give it."""
        answered = None
        if isinstance(asked, tuple):
            end = min([sum(asked), *sorted(rows)[len(rows) - unfinished :]])
            answered = hours(asked[0], end) if asked[0] < end else None
        candles = page(rows, unfinished=unfinished)
        kept: list[Kept] = [
            store.candles.keep(candles, answered=answered, source="rest")
            for store in (self.two, self.one)
        ]
        assert kept[0] == kept[1]

    def file(self, store: Store, rows: dict[int, int]) -> object:
        """Keep the candles of an archive file."""
        candles = page(rows)
        return store.archive.keep(BTC, candles.frame, [file_of(candles)] if rows else [])

    def compare(self) -> None:
        """Everything that can be asked of one span, another one each time, is answered the same."""
        span = (None, hours(3, 15), hours(20, 24))[self.turn % 3]
        self.turn += 1
        for last in (None, 1, 4, 100):
            for forming in (True, False):
                read = [
                    store.candles.read(BTC, last=last, span=span, forming=forming)
                    for store in (self.two, self.one)
                ]
                assert read[0].unfinished == read[1].unfinished
                assert read[0].frame.equals(read[1].frame)
        two, one = (store.candles.opens(BTC, span=span) for store in (self.two, self.one))
        assert two.equals(one)
        two_all, one_all = (
            store.candles.scan(BTC, span=span).collect() for store in (self.two, self.one)
        )
        assert two_all.equals(one_all)
        self.compare_the_rest()

    def compare_the_rest(self) -> None:
        """Evidence, revisions, ledger and catalogue; and both are proven."""
        for count in (1, 3, 50):
            newest = [store.candles.last_opens(BTC, count) for store in (self.two, self.one)]
            assert newest[0] == newest[1]
        tables = [
            (store.candles.evidence(BTC, hours(0, 30)), store.candles.revisions(BTC))
            for store in (self.two, self.one)
        ]
        assert tables[0][0].equals(tables[1][0])
        assert tables[0][1].equals(tables[1][1])
        assert self.two.ledger.entries(BTC) == self.one.ledger.entries(BTC)
        assert self.two.archive.records(BTC) == self.one.archive.records(BTC)
        assert self.two.catalogue() == self.one.catalogue()
        proofs = [store.prove(BTC) for store in (self.two, self.one)]
        assert proofs[0] == proofs[1]
        assert proofs[0].holds, proofs[0]


@contextmanager
def pair(policy: FoldPolicy = SMALL) -> Iterator[Pair]:
    """Two new stores with one clock."""
    clock = FrozenClock(1_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            Store.open(
                sqlite_url(folder / "two.sqlite"),
                lake=str(folder / "lake"),
                clock=clock,
                policy=policy,
            ) as two,
            Store.open(sqlite_url(folder / "one.sqlite"), clock=clock) as one,
        ):
            yield Pair(two, one, clock)


@settings(max_examples=3, deadline=None)
@given(steps=STEPS)
def test_any_steps(steps: list[tuple[object, ...]]) -> None:
    """Keeps, revisions, forming candles, files, folds: nobody can tell the stores apart."""
    with pair() as both:
        for step in steps:
            both.do(step)
            both.compare()


@pytest.mark.slow
@settings(max_examples=scaled(short=25, full=400), deadline=None)
@given(steps=STEPS)
def test_many_steps(steps: list[tuple[object, ...]]) -> None:
    """The same for longer."""
    with pair() as both:
        for step in steps:
            both.do(step)
            both.compare()


def test_a_lake_switched_on_later(tmp_path: Path) -> None:
    """A store that had no lake gets one: its candles fold, and nothing else changes."""
    url = sqlite_url(tmp_path / "store.sqlite")
    candles = page({n: n for n in range(30)})
    with Store.open(url) as store:
        store.candles.keep(candles, answered=hours(0, 30), source="rest")
        before = (store.catalogue(), store.ledger.entries(BTC), store.prove(BTC))
    with Store.open(url, lake=str(tmp_path / "lake"), policy=SMALL) as store:
        assert store.folding.fold(BTC, everything=True) == 28
        assert (store.catalogue(), store.ledger.entries(BTC), store.prove(BTC)) == before
        assert store.candles.read(BTC).frame.equals(candles.frame)


def test_a_page_across_both_tiers(two_tiers: Store) -> None:
    """A page whose older half is in the lake is compared with all of it."""
    two_tiers.candles.keep(page({n: n for n in range(12)}), answered=None, source="rest")
    two_tiers.folding.fold(BTC, everything=True)
    changed = {n: n for n in range(14)} | {3: 30, 11: 110}
    kept = two_tiers.candles.keep(page(changed), answered=hours(0, 14), source="rest")
    assert kept == Kept(new=2, unchanged=10, revised=2)
    assert two_tiers.candles.read(BTC).frame.equals(page(changed).frame)
    assert [entry.span for entry in two_tiers.ledger.entries(BTC)] == [hours(0, 14)]


def test_silence_over_folded_candles(two_tiers: Store) -> None:
    """An empty answer does not call time empty in which folded candles stand."""
    two_tiers.candles.keep(page({n: n for n in (1, 2, 5, 6, 7)}), answered=None, source="file")
    two_tiers.folding.fold(BTC, everything=True)
    two_tiers.candles.keep(Candles(BTC), answered=hours(0, 9), source="rest")
    states = [(entry.state, entry.span) for entry in two_tiers.ledger.entries(BTC)]
    assert states == [
        ("empty", hours(0, 1)),
        ("stored", hours(1, 3)),
        ("empty", hours(3, 5)),
        ("stored", hours(5, 8)),
        ("empty", hours(8, 9)),
    ]
    proof = two_tiers.prove(BTC)
    assert (proof.holds, proof.empty, proof.last_ms) == (True, 2, 7 * HOUR_MS)
