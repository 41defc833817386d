"""Gaps on a grid, and larger candles from smaller ones."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chandlery.candles.files import read_candles
from chandlery.candles.frame import DECIMAL_COLUMNS, SCHEMA
from chandlery.candles.gaps import gaps, places
from chandlery.candles.interval import Interval
from chandlery.candles.resample import (
    FORMING,
    NEWER,
    OFF_GRID,
    OLDER,
    UNASKED,
    Known,
    resample,
)
from chandlery.candles.span import Span
from chandlery.errors import BadSpan
from tests.candles import market

MINUTE, HOUR, DAY = (Interval.parse(text) for text in ("1m", "1h", "1d"))


@given(kept=st.sets(st.integers(0, 79), min_size=1))
def test_gaps_are_what_is_missing(kept: set[int]) -> None:
    """Gaps hold exactly the places of the grid that have no candle, in as few spans as can be."""
    frame = market.frame(80)
    held = frame.filter(pl.int_range(80).is_in(sorted(kept)))["open_time"]
    span = Span(market.START_MS, market.START_MS + 80 * 60_000)
    found = gaps(held, MINUTE, span)
    missing = {(ms - span.start) // 60_000 for gap in found for ms in _opens(gap)}
    assert missing == set(range(80)) - kept
    assert all(a.end < b.start for a, b in itertools.pairwise(found))


def _opens(gap: Span) -> list[int]:
    return MINUTE.grid(gap.start, gap.end).dt.epoch("ms").to_list()


@pytest.mark.parametrize("text", ["3m", "5m", "15m", "1h", "4h"])
def test_sums_are_exact(text: str) -> None:
    """A larger candle is the exact sum of its smaller ones, in every column."""
    minutes = market.frame(480)
    parent = Interval.parse(text)
    result = resample(minutes, MINUTE, parent)
    assert result.incomplete.is_empty()
    size = (parent.length_ms or 0) // 60_000
    for row, part in zip(
        result.frame.iter_rows(named=True), minutes.iter_slices(size), strict=True
    ):
        assert row["open"] == part["open"][0]
        assert row["close"] == part["close"][-1]
        assert row["high"] == max(part["high"].to_list())
        assert row["low"] == min(part["low"].to_list())
        assert row["close_time"] == part["close_time"][-1]
        for name in ("volume", "quote_volume", "trades", "taker_buy_volume"):
            assert row[name] == sum(part[name].to_list())


def test_incomplete_parents_are_named() -> None:
    """A parent that lacks a child is given as what is there, and named."""
    minutes = market.frame(180)
    holed = pl.concat([minutes.head(70), minutes.tail(100)])
    result = resample(holed, MINUTE, HOUR)
    assert result.frame.height == 3
    assert result.incomplete.rows() == [(minutes["open_time"][60], 50, 60, [UNASKED])]


def test_months_and_weeks() -> None:
    """Days sum up to calendar months and to weeks that begin on Monday."""
    days = market.frame(61, "1d", start_ms=1_704_067_200_000)
    months = resample(days, DAY, Interval.parse("1M"))
    assert months.frame["open_time"].dt.strftime("%F").to_list() == [
        "2024-01-01", "2024-02-01", "2024-03-01",
    ]  # fmt: skip
    assert months.incomplete["open_time"].dt.strftime("%F").to_list() == ["2024-03-01"]
    weeks = resample(days, DAY, Interval.parse("1w"))
    assert set(weeks.frame["open_time"].dt.weekday()) == {1}
    assert weeks.frame["volume"].sum() == days["volume"].sum()


@pytest.mark.parametrize(
    ("child", "parent"), [("1h", "1m"), ("2h", "3m"), ("3d", "1w"), ("1w", "1M")]
)
def test_no_multiple(child: str, parent: str) -> None:
    """An interval that is no multiple of the other is refused."""
    with pytest.raises(BadSpan, match="cannot be summed"):
        resample(market.frame(2), Interval.parse(child), Interval.parse(parent))


def test_no_order_is_needed() -> None:
    """Lazy candles in any order give the same sums, and so does every step on the way."""
    minutes = market.frame(2880)
    asked = resample(minutes, MINUTE, DAY)
    shuffled = resample(minutes.sample(fraction=1.0, shuffle=True, seed=1).lazy(), MINUTE, DAY)
    by_hours = resample(resample(minutes, MINUTE, HOUR).frame, HOUR, DAY)
    assert asked.frame.equals(shuffled.frame)
    assert asked.frame.equals(by_hours.frame)
    assert asked.frame.schema == SCHEMA


def test_nothing_gives_nothing() -> None:
    """No candles are no larger candles, in the right shape."""
    result = resample(market.frame(1).clear(), MINUTE, HOUR)
    assert (result.frame.height, result.frame.schema) == (0, SCHEMA)
    assert result.incomplete.is_empty()


def test_missing_values_stay_missing() -> None:
    """A sum over a value that one child lacks is null: neither nothing nor a part of the sum."""
    minutes = market.frame(180).with_columns(
        pl.lit(None, SCHEMA["quote_volume"]).alias("quote_volume"),
        pl.when(pl.int_range(180) == 70).then(None).otherwise(pl.col("trades")).alias("trades"),
    )
    result = resample(minutes, MINUTE, HOUR).frame
    assert result["quote_volume"].to_list() == [None] * 3
    assert result["trades"].is_null().to_list() == [False, True, False]
    assert result["volume"].sum() == minutes["volume"].sum()


def test_sums_beyond_floats() -> None:
    """A sum keeps digits that no float has."""
    minutes = market.frame(60).with_columns(
        pl.lit("123456789012345678.00000001").cast(SCHEMA["volume"]).alias("volume")
    )
    (volume,) = resample(minutes, MINUTE, HOUR).frame["volume"]
    assert volume == Decimal("7407407340740740680.00000060")


@settings(max_examples=40)
@given(kept=st.sets(st.integers(0, 179), min_size=1), asked=st.booleans())
def test_counts_of_children(kept: set[int], asked: bool) -> None:  # noqa: FBT001  drawn
    """Whatever is missing is counted, and excused if the exchange has answered for it."""
    part = market.frame(180).filter(pl.int_range(180).is_in(sorted(kept)))
    answered = [Span(market.START_MS, market.START_MS + 180 * 60_000)] if asked else []
    held = Span(market.START_MS + min(kept) * 60_000, market.START_MS + max(kept) * 60_000 + 1)
    result = resample(part, MINUTE, HOUR, known=Known(held, answered))
    counts = {hour: sum(hour * 60 <= place < hour * 60 + 60 for place in kept) for hour in range(3)}
    short = {hour: count for hour, count in counts.items() if 0 < count < 60 and not asked}
    found = result.incomplete.with_columns(pl.col("open_time").dt.epoch("ms") - market.START_MS)
    assert {ms // 3_600_000: count for ms, count, _, _ in found.iter_rows()} == short


MISSING = [10, 70, 71, 130]


@pytest.mark.parametrize(
    ("known", "reasons"),
    [
        (Known(Span(20, 170)), {0: [OLDER], 1: [UNASKED], 2: [UNASKED, NEWER]}),
        (Known(Span(20, 170), (), 170), {0: [OLDER], 1: [UNASKED], 2: [UNASKED, FORMING]}),
        (Known(Span(20, 170), (), 180), {0: [OLDER], 1: [UNASKED], 2: [UNASKED, NEWER]}),
        (Known(Span(-99, 400)), {0: [UNASKED], 1: [UNASKED], 2: [UNASKED]}),
        (Known(Span(20, 170), [Span(-99, 75)]), {2: [UNASKED, NEWER]}),
        (Known(Span(20, 170), [Span(-99, 71)]), {1: [UNASKED], 2: [UNASKED, NEWER]}),
        (Known(Span(20, 170), [Span(-99, 40), Span(125, 999)]), {1: [UNASKED]}),
        (Known(Span(20, 170), [Span(0, 180)]), {}),
    ],
)  # fmt: skip
def test_reasons(known: Known, reasons: dict[int, list[str]]) -> None:
    """Each incomplete candle says why: the edge of what is held, a hole, or one that forms."""
    part = market.frame(180).filter(pl.int_range(180).is_between(20, 169))
    part = part.filter(~pl.int_range(20, 170).is_in(MISSING))
    result = resample(part, MINUTE, HOUR, known=_at_minutes(known))
    opens = result.incomplete["open_time"].dt.epoch("ms") - market.START_MS
    told = result.incomplete["reasons"].to_list()
    assert dict(zip(opens // 3_600_000, told, strict=True)) == reasons


def _at_minutes(known: Known) -> Known:
    """The same, from minutes since the start to epoch milliseconds."""
    forming = known.forming_ms
    return Known(
        _at_minute(known.held),
        [_at_minute(span) for span in known.answered],
        None if forming is None else market.START_MS + forming * 60_000,
    )


def _at_minute(span: Span) -> Span:
    return Span(*(market.START_MS + minute * 60_000 for minute in (span.start, span.end)))


def test_answer_that_ends_within_a_candle() -> None:
    """An answer up to the very moment covers the place whose minute has just begun."""
    known = Known(
        Span(market.START_MS, market.START_MS + 1), [Span(0, market.START_MS + 3_541_234)]
    )
    result = resample(market.frame(1), MINUTE, HOUR, known=known)
    assert result.incomplete.is_empty()


def test_shifted_children() -> None:
    """Children off the grid count where they open; a sum whose edges they cross is doubted."""
    shift = 28 * 60_000 + 14_000
    hours = market.frame(48, "1h", start_ms=market.START_MS)
    shifted = pl.concat([hours.head(20), _later(hours.slice(20, 10), shift), hours.slice(31)])
    result = resample(shifted, HOUR, Interval.parse("4h"))
    opens = result.incomplete["open_time"].dt.epoch("ms") - market.START_MS
    # From 20:28 to 06:28: 20 to 24 is full, but hands over its last 28 minutes, and so on.
    assert dict(zip(opens // 3_600_000, result.incomplete["reasons"].to_list(), strict=True)) == {
        20: [OFF_GRID], 24: [OFF_GRID], 28: [UNASKED, OFF_GRID],
    }  # fmt: skip
    assert result.incomplete["children"].to_list() == [4, 4, 3]
    assert result.frame["volume"].sum() == shifted["volume"].sum()


def _later(frame: pl.DataFrame, ms: int) -> pl.DataFrame:
    return frame.with_columns(pl.col("open_time", "close_time") + pl.duration(milliseconds=ms))


def test_two_children_in_one_place() -> None:
    """Two candles that open within one place of the grid do not hide that another is empty."""
    minutes = market.frame(60)
    twice = pl.concat([minutes.head(10), _later(minutes.slice(10, 1), -30_000), minutes.slice(11)])
    result = resample(twice, MINUTE, HOUR)
    assert twice.height == 60
    assert result.incomplete.row(0)[1:] == (59, 60, [UNASKED])


def test_three_days_from_the_first() -> None:
    """3d candles count from the symbol's own first day, wherever within it trading began."""
    start = 1_502_942_400_000 + 4 * 3_600_000  # BTCUSDT: 2017-08-17 04:00
    hours = market.frame(200, "1h", start_ms=start)
    three = resample(hours, HOUR, Interval.parse("3d"), anchor_ms=start)
    assert three.frame["open_time"].dt.strftime("%F %H").to_list() == [
        "2017-08-17 00", "2017-08-20 00", "2017-08-23 00",
    ]  # fmt: skip
    assert three.frame["close_time"][0] == three.frame["open_time"][1] - timedelta(milliseconds=1)
    assert three.incomplete["reasons"].to_list() == [[OLDER], [NEWER]]


def test_part_of_the_result() -> None:
    """A part is what opens in a span, the last of it, and the doubts that belong to that."""
    result = resample(market.frame(300).slice(7, 280), MINUTE, HOUR)
    part = result.part(Span(market.START_MS, market.START_MS + 4 * 3_600_000), 3)
    assert part.frame.equals(result.frame.slice(1, 3))
    assert (result.incomplete.height, part.incomplete.height) == (2, 0)


NINE = [*DECIMAL_COLUMNS, "trades"]
FIVE = ["open", "high", "low", "close", "volume"]


@pytest.mark.parametrize(
    ("small", "child"), [("BTCUSDT_1m_GA.csv.gz", "1m"), ("BTCUSDT_5m_GA.csv.gz", "5m")]
)
def test_recorded_hours(recorded: Path, small: str, child: str) -> None:
    """Recorded minutes give all 167 recorded full hours, to the last digit in nine fields."""
    folder = recorded / "resample"
    result = resample(read_candles(folder / small), Interval.parse(child), HOUR)
    whole = result.frame.join(result.incomplete, on="open_time", how="anti")
    hours = read_candles(folder / "BTCUSDT_1h_GA.csv.gz")
    same = whole.join(hours, on=["open_time", *NINE], how="semi")
    assert (len(NINE), same.height, whole.height) == (9, 167, 167)


def test_recorded_six_columns(recorded: Path) -> None:
    """The minutes of 2025 give 833 hours of the archive and 10,000 five minutes, all equal."""
    minutes, fives = (
        _six_columns(recorded / "resample" / f"BTCUSDT_{text}_2025-01-01_6col.csv.gz", text)
        for text in ("1m", "5m")
    )
    months = [recorded / "vision" / f"BTCUSDT-1h-2025-0{month}.csv" for month in (1, 2)]
    for parent, expected, count in (
        (HOUR, pl.concat(map(read_candles, months)), 833),
        (Interval.parse("5m"), fives, 10_000),
    ):
        result = resample(minutes, MINUTE, parent)
        whole = result.frame.join(result.incomplete, on="open_time", how="anti")
        same = whole.join(expected, on=["open_time", *FIVE], how="semi")
        assert (same.height, whole.height) == (count, count)
        assert whole["trades"].null_count() == count


def _six_columns(path: Path, interval: str) -> pl.DataFrame:
    """A file of time and five values; all that it lacks is null, but for the close time."""
    table = pl.read_csv(path, infer_schema=False)
    opens = pl.col(table.columns[0]).str.to_datetime(time_unit="ms", time_zone="UTC")
    length = pl.duration(milliseconds=Interval.parse(interval).typical_ms - 1)
    return table.select(
        opens.alias("open_time"), (opens + length).alias("close_time"), *map(pl.col, FIVE)
    ).select(
        (
            pl.col(name) if name in {"open_time", "close_time", *FIVE} else pl.lit(None).alias(name)
        ).cast(dtype)
        for name, dtype in SCHEMA.items()
    )


@pytest.mark.parametrize(
    ("small", "large", "child", "whole", "holed", "different"),
    [
        ("BTCUSDT_1h_GA.csv.gz", "BTCUSDT_1d_GA.csv", "1h", 56, 2, {"2021-04-23"}),
        (
            "ETHUSDT_15m_2020-10-01_2021-04-27.csv.gz",
            "ETHUSDT_1d_2017-08-17.csv",
            "15m",
            198,
            6,
            {"2020-12-21", "2021-01-21", "2021-04-22", "2021-04-23"},
        ),
    ],
)
def test_recorded_days(  # noqa: PLR0913, PLR0917  one line of the table
    recorded: Path,
    small: str,
    large: str,
    child: str,
    whole: int,
    holed: int,
    different: set[str],
) -> None:
    """Recorded days are the sums of their parts, with holes too, but where the exchange differs."""
    parts = read_candles(recorded / "resample" / small)
    result = resample(parts, Interval.parse(child), DAY)
    doubted = result.incomplete.filter(pl.col("reasons").list.contains(UNASKED))
    edges = result.incomplete.join(doubted, on="open_time", how="anti")
    inner = result.frame.join(edges, on="open_time", how="anti")
    days = read_candles(recorded / "resample" / large)
    same = inner.join(days, on=["open_time", *NINE], how="semi")
    other = inner.join(same, on="open_time", how="anti")["open_time"].dt.strftime("%F")
    assert same.join(doubted, on="open_time", how="anti").height == whole
    assert same.join(doubted, on="open_time", how="semi").height == holed
    assert set(other) == different
    # The exchange itself has nothing in these holes: then none of the days is doubted.
    opens = parts["open_time"].dt.epoch("ms")
    held = Span(int(opens[0]), int(opens[-1]) + 1)
    known = Known(held, [held])
    assert (
        resample(parts, Interval.parse(child), DAY, known=known).incomplete.height == edges.height
    )


def test_recorded_shift(recorded: Path) -> None:
    """The days of February 2018 whose hours stand off the grid are doubted, and no others."""
    hours = read_candles(next((recorded / "gaps").glob("*gapless*")))
    opens = hours["open_time"].dt.epoch("ms")
    held = Span(int(opens[0]), int(opens[-1]) + 1)
    result = resample(hours, HOUR, DAY, known=Known(held, [Span(0, held.end)]))
    told = result.incomplete.select(pl.col("open_time").dt.strftime("%F"), "children", "reasons")
    assert told.rows() == [
        ("2018-02-09", 15, [OFF_GRID]),
        ("2018-02-10", 24, [OFF_GRID]),
        ("2018-02-11", 24, [OFF_GRID]),
    ]
    assert result.frame["volume"].sum() == hours["volume"].sum()


def test_recorded_outages(recorded: Path) -> None:
    """The recorded hours of 2017 to 2024 have 28 gaps of 170 hours and 43 off-grid candles."""
    path = next((recorded / "gaps").glob("*gapless*"))
    frame = read_candles(path)
    opens = frame["open_time"].dt.epoch("ms")
    found = gaps(frame["open_time"], HOUR, Span(int(opens[0]), int(opens[-1]) + 1))
    assert frame.height == 55_765
    assert len(found) == 28
    assert sum(places(gap, HOUR) for gap in found) == 170
    assert int((opens % 3_600_000 != 0).sum()) == 43
    assert frame.schema == SCHEMA
