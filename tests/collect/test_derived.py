"""Sums that are remembered are those that a fresh look would give, whatever happened in between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chandlery.candles.frame import Candles
from chandlery.candles.interval import DAY_MS, MINUTE_MS, Interval
from chandlery.candles.resample import Resampled
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.collect.derived.bases import base_of, shown
from chandlery.collect.derived.grid import Grid
from chandlery.collect.derived.reading import Derived, DerivedReader
from chandlery.collect.resampling import resampled
from chandlery.collect.wanted import Wanted
from chandlery.store import ArchiveRecord, FoldPolicy, Held, Store
from tests.candles import market

MINUTES: Final = Series.parse("binance:BTCUSDT:1m")
START: Final = market.START_MS
MOST: Final = 6000
WHOLE: Final = market.frame(MOST, seed=1)
OTHER: Final = market.frame(MOST, seed=2)
"""What the exchange gives instead, when it has changed its mind."""
EVER: Final = Wanted(last=100_000)
CHUNK: Final = 180
"""Small, so that there are many."""


def larger(interval: str) -> Series:
    """The same symbol by a larger interval."""
    return Series.parse(f"binance:BTCUSDT:{interval}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with a lake into which little is enough to be folded."""
    with opened(tmp_path) as one:
        yield one


def opened(folder: Path) -> Store:
    """The store in that folder."""
    policy = FoldPolicy(keep_hot=20, least=50, most=400, file_rows=2000)
    url = f"sqlite:///{folder}/store.db"
    return Store.open(url, lake=f"{folder}/lake", clock=FrozenClock(START), policy=policy)


def keep(store: Store, start: int, end: int, frame: pl.DataFrame = WHOLE, forming: int = 0) -> None:
    """An answer with these minutes, of which the last still forms or not."""
    page = frame.slice(start, end - start)
    span = Span(START + start * MINUTE_MS, START + (end - forming) * MINUTE_MS)
    store.candles.keep(Candles(MINUTES, page, forming), answered=span, source="rest")


def archived(store: Store, start: int, end: int) -> None:
    """The same as an archive file, which goes straight to the lake."""
    span = Span(START + start * MINUTE_MS, START + end * MINUTE_MS)
    file = ArchiveRecord(f"{start}.zip", "http://x/", "monthly", span, 9, "", 1, "0", 1, 2, 3)
    store.archive.keep(MINUTES, WHOLE.slice(start, end - start), [file])


def told(derived: Derived) -> tuple[list[tuple[object, ...]], int, list[tuple[int, str]], bool]:
    """All that a reader gives."""
    candles = derived.candles
    return candles.frame.rows(), candles.unfinished, derived.incomplete, derived.has_older


STARTS = st.integers(0, MOST - 801)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), STARTS, st.integers(2, 800)),
        st.tuples(st.just("forming"), STARTS, st.integers(2, 60)),
        st.tuples(st.just("revise"), STARTS, st.integers(1, 40)),
        st.tuples(st.just("beside"), STARTS, st.integers(1, 40)),
        st.tuples(st.just("archive"), STARTS, st.integers(1, 800)),
        st.tuples(st.just("fold"), STARTS, st.just(1)),
    ),
    min_size=2,
    max_size=8,
)
LOOKS = st.tuples(
    st.sampled_from(["3m", "15m", "1h", "12h", "1d"]), st.integers(1, 40), STARTS, st.booleans()
)


def do(store: Store, what: str, start: int, count: int) -> None:
    """One thing that happens to a store."""
    if what == "keep":
        keep(store, start, start + count)
    elif what == "forming":
        keep(store, start, start + count, forming=1)
    elif what == "revise":
        keep(store, start, start + count, frame=OTHER)
    elif what == "beside":
        page = Candles(MINUTES, OTHER.slice(start, count))
        store.candles.keep(page, answered=None, source="file")
    elif what == "archive":
        archived(store, start, start + count)
    else:
        store.folding.fold(MINUTES, everything=True)


def assert_same(derived: Derived, plain: Resampled) -> None:
    """Finished candles are the plain sums, with the same doubts."""
    frame = derived.candles.frame
    assert frame.equals(plain.frame.head(frame.height))
    doubts = plain.incomplete.filter(pl.col("open_time").is_in(frame["open_time"].implode()))
    told = doubts.select(pl.col("open_time").dt.epoch("ms"), pl.col("reasons").list.join(", "))
    assert derived.incomplete == told.rows()


@pytest.mark.slow
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(steps=STEPS, looks=st.lists(LOOKS, min_size=2, max_size=4))
def test_remembered_sums_are_fresh_sums(
    steps: list[tuple[str, int, int]], looks: list[tuple[str, int, int, bool]]
) -> None:
    """After every keep, revision, backfill and fold a reader that remembers gives the truth."""
    with TemporaryDirectory() as folder, opened(Path(folder)) as store:
        remembering = DerivedReader(store, chunk=CHUNK)
        for step in steps:
            do(store, *step)
            for interval, last, start, forming in looks:
                series = larger(interval)
                span = Span(START + start * MINUTE_MS, START + (start + 700) * MINUTE_MS)
                for wanted in (Wanted(last=last), Wanted(last, span)):
                    asked = remembering.read(series, MINUTES, wanted, forming=forming)
                    fresh = DerivedReader(store).read(series, MINUTES, wanted, forming=forming)
                    assert told(asked) == told(fresh)
                whole = remembering.read(series, MINUTES, EVER, forming=False)
                plain = resampled(MINUTES, series.interval, store, Wanted())
                assert_same(whole, plain)


class TestSums:
    """What a derived candle is."""

    def test_forming(self, store: Store) -> None:
        """The newest holds what has closed of it and the smaller forming candle; unfinished."""
        keep(store, 0, 70, forming=1)
        made = DerivedReader(store).read(larger("1h"), MINUTES, EVER)
        assert (len(made.candles), made.candles.unfinished, made.incomplete) == (2, 1, [])
        hour = made.candles.forming.row(0, named=True)
        part = WHOLE.slice(60, 10)
        assert hour["close"] == part["close"][-1]
        assert (hour["high"], hour["low"]) == (part["high"].max(), part["low"].min())
        assert hour["volume"] == part["volume"].sum()
        assert hour["trades"] == part["trades"].sum()
        closed = DerivedReader(store).read(larger("1h"), MINUTES, EVER, forming=False)
        assert closed.candles.frame.equals(made.candles.closed)

    def test_only_forming_of_a_new_one(self, store: Store) -> None:
        """A larger candle of which nothing has closed yet is there, unfinished."""
        keep(store, 0, 61, forming=1)
        for interval in ("15m", "1h"):
            made = DerivedReader(store).read(larger(interval), MINUTES, EVER)
            assert made.candles.unfinished == 1
            assert made.candles.forming["volume"][0] == WHOLE["volume"][60]

    def test_growing_month(self, store: Store) -> None:
        """A month grows by the minute, by way of the sums of its hours."""
        reader = DerivedReader(store, chunk=CHUNK)
        for end in (100, 161, 2000, 2001, 5000):
            keep(store, 0, end, forming=1)
            made = reader.read(larger("1M"), MINUTES, EVER)
            assert (len(made.candles), made.candles.unfinished) == (1, 1)
            assert made.candles.frame["volume"][0] == WHOLE.head(end)["volume"].sum()
            assert made.candles.frame["close"][0] == WHOLE["close"][end - 1]

    def test_holes(self, store: Store) -> None:
        """A sum that lacks time which nobody asked for says so; it is healed by a repair."""
        keep(store, 0, 80)
        keep(store, 95, 180)
        keep(store, 180, 200, forming=1)
        reader = DerivedReader(store)
        made = reader.read(larger("1h"), MINUTES, EVER)
        assert made.incomplete == [(START + 60 * MINUTE_MS, "never asked")]
        keep(store, 80, 95)
        healed = reader.read(larger("1h"), MINUTES, EVER)
        assert healed.incomplete == []
        assert healed.candles.frame["volume"][1] == WHOLE.slice(60, 60)["volume"].sum()

    def test_pages(self, store: Store) -> None:
        """Pages to the past join without a seam, and the last says that nothing is older."""
        keep(store, 0, 2000)
        reader = DerivedReader(store, chunk=CHUNK)
        whole = reader.read(larger("5m"), MINUTES, EVER)
        until = 1 << 41
        pages: list[pl.DataFrame] = []
        while True:
            page = reader.read(larger("5m"), MINUTES, Wanted(90, Span(0, until)))
            pages.insert(0, page.candles.frame)
            if not page.has_older:
                break
            until = page.candles.span.start if page.candles.span else 0
        assert pl.concat(pages).equals(whole.candles.frame)
        assert len(pages) == -(-400 // 90)

    def test_over_a_long_hole(self, store: Store) -> None:
        """The newest of a time are found also where much time lies between them."""
        keep(store, 0, 50)
        archived(store, 5900, 5950)
        reader = DerivedReader(store, chunk=CHUNK)
        made = reader.read(larger("5m"), MINUTES, Wanted(last=20))
        assert (len(made.candles), made.has_older) == (20, False)
        assert made.candles.frame["open_time"].dt.epoch("ms")[0] == START

    def test_off_the_grid(self, store: Store) -> None:
        """A smaller candle that reaches over an edge leaves both neighbours in doubt."""
        late = pl.col("open_time", "close_time") + pl.duration(seconds=30)
        page = pl.concat([WHOLE.slice(0, 50), WHOLE.slice(50, 10).with_columns(late)])
        store.candles.keep(Candles(MINUTES, page), answered=None, source="file")
        keep(store, 61, 300)
        made = DerivedReader(store).read(larger("1h"), MINUTES, EVER, forming=False)
        doubts = dict(made.incomplete)
        for hour in (0, 1):
            assert "off the grid" in doubts[START + hour * 60 * MINUTE_MS]
        later = Span(START + 60 * MINUTE_MS, START + 120 * MINUTE_MS)
        again = DerivedReader(store).read(larger("1h"), MINUTES, Wanted(5, later))
        assert again.incomplete == [made.incomplete[1]]


def test_memory_is_bounded(store: Store) -> None:
    """What is remembered stays below its bound, and what was let go of is summed again."""
    keep(store, 0, MOST - 1)
    reader = DerivedReader(store, chunk=CHUNK)
    truth = told(reader.read(larger("3m"), MINUTES, EVER))
    assert reader.chunks.bytes > 200_000
    small = DerivedReader(store, chunk=CHUNK, most_bytes=100_000)
    for interval in ("3m", "15m", "1h", "3m"):
        made = small.read(larger(interval), MINUTES, EVER)
        assert small.chunks.bytes <= 100_000
    assert told(made) == truth


@pytest.mark.parametrize("parent", ["5m", "1h", "1d", "3d", "1w", "1M"])
def test_chunks_are_a_partition(parent: str) -> None:
    """Chunks follow each other without overlap, and begin where a larger candle does."""
    grid = Grid(Interval.parse("1m"), Interval.parse(parent), START)
    found = grid.chunks(START, START + 400 * DAY_MS)
    assert found[0].start <= START < found[0].end
    assert all(one.end == after.start for one, after in pairwise(found))
    assert all(grid.floor(one.start) == one.start for one in found)
    assert all(grid.chunk(one.end - 1) == one == grid.chunk(one.start) for one in found)


def line(text: str, candles: int) -> Held:
    """A line of the catalogue."""
    return Held(Series.parse(text), candles, 0, 1, 1, 0)


def test_best_base() -> None:
    """The largest interval that reaches as far; a smaller one where it reaches further."""
    lines = [line("binance:BTCUSDT:1m", 60_000), line("binance:BTCUSDT:1h", 995)]
    day = larger("1d")
    assert base_of(day, lines) == lines[1]
    assert base_of(day, [lines[0], line("binance:BTCUSDT:1h", 500)]) == lines[0]
    assert base_of(larger("30m"), lines) == lines[0]
    assert base_of(larger("1m"), lines) is None
    assert base_of(Series.parse("binance:ETHUSDT:1d"), lines) is None


def test_intervals_of_a_symbol() -> None:
    """Stored ones and their multiples; 3d only where its days are known."""
    lines = [line("binance:BTCUSDT:4h", 10), line("binance:BTCUSDT:1d", 10)]
    key = ("binance", "BTCUSDT")
    found = [(one.interval.text, one.derived) for one in shown(lines)[key]]
    assert found == [
        *(("4h", False), ("8h", True), ("12h", True)),
        *(("1d", False), ("1w", True), ("1M", True)),
    ]
    anchored = shown(lines, {lines[0].series})[key]
    assert "3d" in {one.interval.text for one in anchored}
