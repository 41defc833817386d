"""The contract of `store.candles`, on every engine."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chandlery.candles.frame import SCHEMA, Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span, merge
from chandlery.clock import FrozenClock
from chandlery.errors import BadCandles, BadSpan
from chandlery.store import Kept, Store
from tests.store.pages import BTC, ETH, frame, hours, page, prices, same

ON_EACH_ENGINE = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_NUMBERS = itertools.count()


def fresh_series() -> Series:
    """A series that no example has used yet."""
    return Series("binance", f"COIN{next(_NUMBERS)}", BTC.interval)


def test_round_trip(store: Store) -> None:
    """What went in comes out: same columns, same types, same rows."""
    kept = page({1: "0.00000001", 2: "123456789012345678901234567890.12345678", 3: "-5"})
    store.candles.keep(kept, answered=None, source="rest")
    assert store.candles.read(BTC).frame.equals(kept.frame, null_equal=True)
    assert dict(store.candles.read(BTC).frame.schema) == SCHEMA


def test_nulls(store: Store) -> None:
    """Columns that an exchange lacks stay null."""
    bare = frame([1, 2], [Decimal(1), Decimal(2)]).with_columns(
        pl.lit(None, dtype=SCHEMA[name]).alias(name)
        for name in ("trades", "quote_volume", "close_time")
    )
    store.candles.keep(Candles(BTC, bare), answered=None, source="rest")
    again = store.candles.keep(Candles(BTC, bare), answered=None, source="rest")
    assert store.candles.read(BTC).frame.equals(bare, null_equal=True)
    assert again == Kept(unchanged=2)


def test_unknown_series_is_empty(store: Store) -> None:
    """A series that was never kept reads as no candles, in the right shape."""
    nothing = store.candles.read(BTC)
    assert len(nothing) == 0
    assert dict(nothing.frame.schema) == SCHEMA
    assert store.candles.revisions(BTC).is_empty()


def test_keeping_twice_changes_nothing(store: Store) -> None:
    """The second keep of a page counts everything as unchanged."""
    assert store.candles.keep(page({1: 1, 2: 2}), answered=None, source="rest") == Kept(new=2)
    assert store.candles.keep(page({1: 1, 2: 2}), answered=None, source="rest") == Kept(unchanged=2)
    assert store.candles.keep(page({2: 2, 3: 3}), answered=None, source="rest") == Kept(
        new=1, unchanged=1
    )
    assert prices(store.candles.read(BTC)) == same({1: 1, 2: 2, 3: 3})


def test_series_are_apart(store: Store) -> None:
    """Two series, two intervals and two exchanges with the same times do not mix."""
    others = [ETH, Series.parse("binance:BTCUSDT:1m"), Series.parse("other:BTCUSDT:1h")]
    for price, series in enumerate([BTC, *others]):
        store.candles.keep(page({1: price}, series=series), answered=None, source="rest")
    assert [prices(store.candles.read(series))[1] for series in [BTC, *others]] == [0, 1, 2, 3]


def test_last(store: Store) -> None:
    """`last` gives the newest candles, ascending, the forming one among them."""
    store.candles.keep(page({1: 1, 2: 2, 3: 3, 4: 4}, unfinished=1), answered=None, source="rest")
    newest = store.candles.read(BTC, last=2)
    assert (prices(newest), newest.unfinished) == (same({3: 3, 4: 4}), 1)
    closed = store.candles.read(BTC, last=2, forming=False)
    assert (prices(closed), closed.unfinished) == (same({2: 2, 3: 3}), 0)
    assert len(store.candles.read(BTC, last=100)) == 4


def test_span(store: Store) -> None:
    """`span` is half-open and bounds open times; with `last`, the newest of it count."""
    store.candles.keep(page({n: n for n in range(1, 7)}), answered=None, source="rest")
    assert list(prices(store.candles.read(BTC, span=hours(2, 5)))) == [2, 3, 4]
    assert list(prices(store.candles.read(BTC, span=hours(2, 5), last=2))) == [3, 4]
    assert list(prices(store.candles.read(BTC, span=hours(9, 12)))) == []


@pytest.mark.parametrize("last", [0, -1])
def test_last_must_be_positive(store: Store, last: int) -> None:
    """A count below one is refused, not taken as "all"."""
    with pytest.raises(BadSpan, match=f"asked was {last}"):
        store.candles.read(BTC, last=last)


def test_revision(store: Store, clock: FrozenClock) -> None:
    """A closed candle that changes keeps its older version with the times of its life."""
    store.candles.keep(page({1: 1, 2: 2}), answered=None, source="archive")
    clock.advance(60)
    kept = store.candles.keep(page({1: 1, 2: 9}), answered=None, source="rest")
    assert kept == Kept(unchanged=1, revised=1)
    assert prices(store.candles.read(BTC)) == same({1: 1, 2: 9})
    (old,) = store.candles.revisions(BTC).to_dicts()
    assert (old["open"], old["known_ms"], old["replaced_ms"], old["source"]) == (
        2,
        1_000_000,
        1_060_000,
        "archive",
    )


def test_revised_back_and_forth(store: Store) -> None:
    """Each older version is kept, also when an earlier one comes back in the same millisecond."""
    for price in (1, 2, 1, 3):
        store.candles.keep(page({1: price}), answered=None, source="rest")
    assert store.candles.revisions(BTC)["open"].to_list() == [1, 2, 1]
    assert prices(store.candles.read(BTC)) == same({1: 3})


def test_newer_row_wins_whole(store: Store) -> None:
    """Also its nulls replace values: no candle is mixed from two versions."""
    bare = page({1: 5}).frame.with_columns(volume=pl.lit(None, dtype=SCHEMA["volume"]))
    store.candles.keep(page({1: 4}), answered=None, source="rest")
    assert store.candles.keep(Candles(BTC, bare), answered=None, source="rest") == Kept(revised=1)
    assert store.candles.read(BTC).frame.equals(bare, null_equal=True)


def test_forming_becomes_closed(store: Store) -> None:
    """A forming candle is replaced in place, leaves no revision, and counts once: when closed."""
    first = store.candles.keep(page({1: 1, 2: 2}, unfinished=1), answered=None, source="rest")
    second = store.candles.keep(page({2: 3}, unfinished=1), answered=None, source="rest")
    third = store.candles.keep(page({2: 4}), answered=None, source="rest")
    assert (first, second, third) == (Kept(new=1, forming=1), Kept(forming=1), Kept(new=1))
    assert store.candles.read(BTC).unfinished == 0
    assert prices(store.candles.read(BTC)) == same({1: 1, 2: 4})
    assert store.candles.revisions(BTC).is_empty()


def test_equal_forming_row_becomes_closed(store: Store) -> None:
    """Closing counts as new even when no value changed in the last moment."""
    store.candles.keep(page({1: 1}, unfinished=1), answered=None, source="rest")
    assert store.candles.keep(page({1: 1}), answered=None, source="rest") == Kept(new=1)


def test_closed_stays_closed(store: Store) -> None:
    """A late page with the candle still forming does not undo the closed one."""
    store.candles.keep(page({1: 5}), answered=None, source="rest")
    assert store.candles.keep(page({1: 4}, unfinished=1), answered=None, source="rest") == Kept()
    read = store.candles.read(BTC)
    assert (prices(read), read.unfinished) == (same({1: 5}), 0)


def test_answer_without_the_forming_candle_removes_it(store: Store) -> None:
    """A forming candle that the exchange no longer gives is not kept; those outside stay."""
    store.candles.keep(page({1: 1, 2: 2, 3: 3}, unfinished=2), answered=None, source="rest")
    store.candles.keep(page({1: 1}), answered=hours(1, 3), source="rest")
    read = store.candles.read(BTC)
    assert (prices(read), read.unfinished) == (same({1: 1, 3: 3}), 1)


@pytest.mark.parametrize("price", [2, 3])
def test_answer_closes_the_forming_candle(store: Store, price: int) -> None:
    """A candle that formed and that an answer gives closed is new, changed or not; no revision."""
    store.candles.keep(page({1: 1, 2: 2}, unfinished=1), answered=hours(1, 2), source="rest")
    answer = page({1: 1, 2: price, 3: 5}, unfinished=1)
    kept = store.candles.keep(answer, answered=hours(1, 3), source="rest")
    assert kept == Kept(new=1, unchanged=1, forming=1)
    read = store.candles.read(BTC)
    assert (prices(read), read.unfinished) == (same({1: 1, 2: price, 3: 5}), 1)
    assert store.candles.revisions(BTC).is_empty()


def test_empty_answer(store: Store) -> None:
    """An answer without candles is remembered, and never removes closed ones."""
    store.candles.keep(page({1: 1}), answered=None, source="rest")
    assert store.candles.keep(Candles(BTC), answered=hours(0, 9), source="rest") == Kept()
    assert prices(store.candles.read(BTC)) == same({1: 1})
    assert store.ledger.answered(BTC) == [hours(0, 9)]


def test_leftover_forming_candle_is_not_read(store: Store) -> None:
    """A forming candle below a closed one is unknown, not unfinished: it is left out."""
    store.candles.keep(page({1: 1}, unfinished=1), answered=None, source="rest")
    store.candles.keep(page({5: 5, 6: 6}, unfinished=1), answered=hours(5, 6), source="rest")
    read = store.candles.read(BTC)
    assert (prices(read), read.unfinished) == (same({5: 5, 6: 6}), 1)


def test_answer_must_end_before_forming(store: Store) -> None:
    """A span that claims to know a candle that still forms is refused; nothing is written."""
    with pytest.raises(BadCandles, match="still forms"):
        store.candles.keep(page({1: 1, 2: 2}, unfinished=1), answered=hours(1, 3), source="rest")
    assert store.catalogue() == []


def test_many_rows(store: Store) -> None:
    """More rows than are written at once are still one page, also when some of them are there."""
    total = 20_500
    store.candles.keep(page({5: 5, 20_400: 1}), answered=None, source="rest")
    kept = store.candles.keep(page({n: n for n in range(total)}), answered=None, source="rest")
    assert kept == Kept(new=total - 2, unchanged=1, revised=1)
    assert prices(store.candles.read(BTC)) == {n: n for n in range(total)}
    assert store.catalogue()[0].candles == total


@pytest.mark.parametrize("count", [1, 49, 50, 51, 100, 149])
def test_pages_of_every_length(store: Store, count: int) -> None:
    """Every row arrives whole, however many of them an engine writes with one statement."""
    kept = page({n: n + 1 for n in range(count)}, unfinished=1)
    store.candles.keep(kept, answered=None, source="rest")
    read = store.candles.read(BTC)
    assert (read.frame.equals(kept.frame), read.unfinished) == (True, 1)
    changed = page({n: n + 2 for n in range(count)})
    assert store.candles.keep(changed, answered=None, source="file").revised == count - 1
    assert store.candles.read(BTC).frame.equals(changed.frame)
    assert store.candles.revisions(BTC)["source"].to_list() == ["rest"] * (count - 1)


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ({4: 4, 6: 6}, Kept(new=2)),
        ({1: 1, 9: 9}, Kept(new=2)),
        ({4: 4, 5: 5, 6: 6}, Kept(new=2, unchanged=1)),
        ({5: 7, 6: 6}, Kept(new=1, revised=1)),
        ({4: 4, 5: 7}, Kept(new=1, revised=1)),
        ({8: 8}, Kept(new=1)),
    ],
)
def test_around_what_is_there(store: Store, rows: dict[int, int], kept: Kept) -> None:
    """A page before, behind, across or beside a stored closed and forming candle counts exactly."""
    store.candles.keep(page({5: 5, 8: 1}, unfinished=1), answered=None, source="rest")
    assert store.candles.keep(page(rows), answered=None, source="rest") == kept
    assert prices(store.candles.read(BTC).closed) == dict(sorted(({5: 5} | rows).items()))
    (held,) = store.catalogue()
    assert (held.candles, held.revisions) == (1 + kept.new, kept.revised)


DIGITS = st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1).map(
    lambda digits: Decimal(f"{digits}E-8")  # arithmetic would round to 28 digits
)


@ON_EACH_ENGINE
@given(values=st.lists(st.none() | DIGITS, min_size=1, max_size=8))
def test_decimals_are_exact(store: Store, values: list[Decimal | None]) -> None:
    """Thirty digits before the point and eight after it come back as they were."""
    series = fresh_series()
    kept = Candles(series, frame(range(len(values)), values))
    store.candles.keep(kept, answered=None, source="rest")
    assert store.candles.read(series).frame["open"].to_list() == values
    assert store.candles.keep(kept, answered=None, source="rest") == Kept(unchanged=len(values))


@dataclass
class Model:
    """What a store should hold of one series, in plain dictionaries."""

    closed: dict[int, Decimal] = field(default_factory=dict)
    forming: dict[int, Decimal] = field(default_factory=dict)
    revisions: dict[int, list[Decimal]] = field(default_factory=dict)
    answered: list[Span] = field(default_factory=list)

    def keep(self, candles: Candles, answered: Span | None) -> Kept:
        """Do as the store promises."""
        new = unchanged = revised = forming = 0
        for hour, price in prices(candles.closed).items():
            old = self.closed.get(hour)
            new, unchanged, revised = (
                new + (old is None),
                unchanged + (old == price),
                revised + (old not in {None, price}),
            )
            if old is not None and old != price:
                self.revisions.setdefault(hour, []).append(old)
            self.closed[hour] = price
            self.forming.pop(hour, None)
        if answered is not None:
            self.answered = merge([*self.answered, answered])
            gone = [hour for hour in self.forming if hours(hour, hour + 1).start in answered]
            for hour in gone:
                del self.forming[hour]
        for hour, price in prices(candles.forming).items():
            if hour not in self.closed:
                self.forming[hour] = price
                forming += 1
        return Kept(new, unchanged, revised, forming)

    def readable(self) -> dict[int, Decimal]:
        """Closed candles, and the forming ones behind them."""
        last = max(self.closed, default=-1)
        return dict(sorted(self.closed.items())) | {
            hour: price for hour, price in sorted(self.forming.items()) if hour > last
        }


HOUR = st.integers(min_value=0, max_value=12)
PAGES = st.tuples(
    st.dictionaries(HOUR, st.integers(min_value=1, max_value=2), max_size=6),
    st.integers(min_value=0, max_value=2),
    st.none() | st.tuples(HOUR, st.integers(min_value=1, max_value=8)),
)


def offered(
    series: Series, rows: dict[int, int], unfinished: int, asked: tuple[int, int] | None
) -> tuple[Candles, Span | None]:
    """A page that an exchange could give: what was answered ends where candles form."""
    unfinished = min(unfinished, len(rows))
    candles = page(rows, unfinished=unfinished, series=series)
    if asked is None:
        return candles, None
    end = min([sum(asked), *sorted(rows)[len(rows) - unfinished :]])
    return candles, hours(asked[0], end) if asked[0] < end else None


@pytest.mark.slow
@ON_EACH_ENGINE
@given(pages=st.lists(PAGES, max_size=7))
def test_any_order_of_pages(
    store: Store, pages: list[tuple[dict[int, int], int, tuple[int, int] | None]]
) -> None:
    """Whatever comes in whatever order, store and catalogue equal a model of three dictionaries."""
    series, model = fresh_series(), Model()
    for rows, unfinished, asked in pages:
        candles, answered = offered(series, rows, unfinished, asked)
        kept = store.candles.keep(candles, answered=answered, source="rest")
        assert kept == model.keep(candles, answered)
    read = store.candles.read(series)
    assert prices(read) == model.readable()
    assert prices(read.closed) == dict(sorted(model.closed.items()))
    assert store.ledger.answered(series) == model.answered
    older = store.candles.revisions(series)
    assert older["open"].to_list() == [
        price for _, versions in sorted(model.revisions.items()) for price in versions
    ]
    if pages:
        (held,) = [held for held in store.catalogue() if held.series == series]
        opens = [hours(hour, hour + 1).start for hour in model.closed]
        assert (held.candles, held.revisions) == (len(opens), older.height)
        assert (held.first_ms, held.last_ms) == (min(opens, default=None), max(opens, default=None))
