"""An exchange that lies over REST: what cannot be true is refused with the row, and asked again."""

from __future__ import annotations

import json
import random
import re
from contextlib import suppress
from datetime import datetime
from typing import Final, cast

import polars as pl
import pytest

from chandlery.candles.interval import HOUR_MS
from chandlery.candles.series import Series
from chandlery.clock import ms_to_datetime
from chandlery.collect.backfill.report import BackfillReport
from chandlery.collect.report import Report
from chandlery.errors import RemoteError
from chandlery.sandbox import FaultKind
from tests.collect.rehearsal import EARLY_MS, LISTED_MS, SOL, Rehearsal
from tests.torture.lengths import scaled, seeds
from tests.torture.lies_told import BROKEN, IMPOSSIBLE

SERIES: Final = Series.parse(SOL)
LAST: Final = 20
VERBS: Final = ("last", "since", "between", "backfill", "repair")
QUARTERS: Final = "binance:SOLUSDT:15m"
"""Five and a half pages by EARLY_MS."""


def _since(desk: Rehearsal, since: datetime) -> Report:
    return desk.keeper.collect(SOL, since=since)


def assert_newest_are_true(desk: Rehearsal, count: int) -> None:
    """The newest candles are kept as they are served now, and never were others."""
    held = desk.held(SOL)
    assert held.equals(desk.served(SOL, until_ms=desk.box.clock.now_ms()).tail(count))
    assert desk.keeper.store.candles.revisions(SERIES).is_empty()


@pytest.mark.parametrize("kind", IMPOSSIBLE)
def test_what_cannot_be_true(desk: Rehearsal, kind: FaultKind) -> None:
    """A lie for ever is refused with evidence and nothing kept; after it, and once, all is true."""
    since = ms_to_datetime(EARLY_MS - LAST * HOUR_MS)
    desk.box.faults.always(kind, path="klines")
    # As the newest ones: of a stretch of history the other rows would be taken.
    failed = desk.keeper.collect(SOL, last=LAST) if kind in ONE_ROW else _since(desk, since)
    assert type(failed.failure).__name__ in {"BadAnswer", "BadRow", "FromTheFuture"}, failed.failure
    assert "row" in str(failed.failure) or "no JSON" in str(failed.failure)
    assert len(str(failed.failure)) < 1000
    assert desk.held(SOL).is_empty()
    [run] = desk.keeper.store.runs.latest(SERIES, 5)
    assert run.outcome == "failed"
    assert json.loads(run.report_json)["error"] == str(failed.failure)
    desk.box.faults.clear()
    desk.box.faults.next(kind, path="klines")
    assert desk.keeper.collect(SOL, since=since).ok
    assert not desk.box.faults.planned()
    assert_newest_are_true(desk, LAST - 1)


ONE_ROW: Final[tuple[FaultKind, ...]] = (
    "upside-down", "null-row", "negative", "huge", "odd-digits", "wrong-type", "short-row",
    "nested", "long-close",
)  # fmt: skip
"""Of which a single row tells that it is no candle."""


@pytest.mark.parametrize(
    ("kind", "verb"),
    [
        *((kind, "collect") for kind in ONE_ROW[: scaled(short=4, full=9)]),
        *((kind, "backfill") for kind in ONE_ROW[: scaled(short=1, full=9)]),
    ],
)
def test_one_row_for_ever(desk: Rehearsal, kind: FaultKind, verb: str) -> None:
    """A row that is wrong for ever is put aside with its evidence, and keeps no other from us."""
    since = ms_to_datetime(EARLY_MS - LAST * HOUR_MS)
    desk.box.faults.always(kind, path="klines")
    done: Report | BackfillReport
    if verb == "collect":
        done = desk.keeper.collect(SOL, since=since)
        told = done.notes
    else:
        desk.box.faults.clear()
        assert desk.keeper.backfill(SOL, until="2020-10-02").ok
        desk.box.faults.always(kind, path="klines")
        done = desk.keeper.backfill(SOL)
        told = done.differences
    assert done.ok, done.failure
    assert len([one for one in told if one.startswith("a row was refused, and asked again")]) == 1
    [gap] = [one for one in desk.keeper.gaps(SOL) if one.reason == "failed"]
    assert (gap.candles, gap.tries) == (1, 1)
    assert gap.error
    assert gap.error in " ".join(told)
    desk.keeper.clock.sleep(3600)
    assert desk.keeper.collect(SOL, since=since).ok
    assert desk.held(SOL)["open_time"].dt.epoch("ms")[-1] == EARLY_MS // HOUR_MS * HOUR_MS
    desk.box.faults.clear()
    assert desk.keeper.repair(SOL).ok
    assert_newest_are_true(desk, desk.held(SOL).height)
    assert not [one for one in desk.keeper.gaps(SOL) if one.reason == "failed"]


def test_a_backfill_says_what_was_refused(desk: Rehearsal) -> None:
    """`gaps` and `status` tell of a lie with the row; a repair after it makes the series whole."""
    with desk.box.unreachable("archive"):
        assert desk.keeper.backfill(SOL, until="2020-09-10").ok
        desk.box.faults.always("disorder", path="klines")
        assert not desk.keeper.backfill(SOL).ok
    [gap] = [one for one in desk.keeper.gaps(SOL) if one.reason == "failed"]
    assert re.search(r"row \d+ opens at \d+, not after the row before it", gap.error or "")
    desk.box.faults.clear()
    assert desk.keeper.backfill(SOL).ok
    desk.assert_whole(SOL)


def test_a_candle_that_is_left_out(desk: Rehearsal) -> None:
    """A missing row is told as empty at the exchange; asked again it is there, and was no other."""
    since = ms_to_datetime(EARLY_MS - LAST * HOUR_MS)
    desk.box.faults.next("lacking", path="klines")
    assert desk.keeper.collect(SOL, since=since).ok
    [gap] = [one for one in desk.keeper.gaps(SOL) if one.inside and one.candles]
    assert (gap.reason, gap.candles) == ("empty at the exchange", 1)
    assert "startTime" in (gap.request or "")
    assert desk.keeper.repair(SOL).kept.new == 1
    assert_newest_are_true(desk, desk.held(SOL).height)
    assert not [one for one in desk.keeper.gaps(SOL) if one.inside and one.candles]


def test_a_candle_that_is_altered(desk: Rehearsal) -> None:
    """A plausible lie among the newest is asked again, replaced, and kept as the older version."""
    desk.box.faults.next("altered", path="klines")
    assert desk.keeper.collect(SOL, last=4).ok
    desk.keeper.clock.sleep(3600)
    again = desk.keeper.collect(SOL, since=ms_to_datetime(EARLY_MS - 4 * HOUR_MS))
    assert again.kept.revised == 1
    older = desk.keeper.store.candles.revisions(SERIES)
    assert older.height == 1
    held = desk.held(SOL)
    assert held.equals(desk.served(SOL, until_ms=desk.box.clock.now_ms()).tail(held.height))


@pytest.mark.parametrize("hours", [-30, -3, 3, 30])
def test_a_clock_that_lies(desk: Rehearsal, hours: int) -> None:
    """A serverTime that is hours off its own answer's date is refused, and so is what follows."""
    desk.box.faults.always("skew", path="time", seconds=hours * 3600)
    failed = desk.keeper.collect(SOL, last=LAST)
    assert "the answer is dated 2020-10-05 10:30:0" in str(failed.failure)
    assert desk.held(SOL).is_empty()
    desk.box.faults.clear()
    assert desk.keeper.collect(SOL, last=LAST).ok
    assert_newest_are_true(desk, LAST - 1)


@pytest.mark.parametrize("seconds", [-40, 40])
def test_a_clock_that_jumps(desk: Rehearsal, seconds: int) -> None:
    """A jump too small to be seen closes a candle early or late; asked again, it is right."""
    turn = (HOUR_MS - EARLY_MS % HOUR_MS) / 1000
    desk.keeper.clock.sleep(turn - seconds / 2)
    desk.box.faults.always("skew", path="time", seconds=seconds)
    # Of a candle that has begun before the exchange's own time the answer says that it lies.
    assert desk.keeper.collect(SOL, last=LAST).ok is (seconds > 0)
    desk.box.faults.clear()
    desk.keeper.clock.sleep(1800)
    since = ms_to_datetime(EARLY_MS - LAST * HOUR_MS)
    assert desk.keeper.collect(SOL, since=since).ok
    held = desk.held(SOL)
    assert held.equals(desk.served(SOL, until_ms=desk.box.clock.now_ms()).tail(held.height))


@pytest.mark.parametrize("seed", seeds(short=2, full=400))
def test_any_mixture_of_lies(desk: Rehearsal, seed: int) -> None:
    """Whatever lies and faults meet which requests: no lie is ever kept, and then all is true."""
    truth = desk.served(QUARTERS, until_ms=EARLY_MS)
    dice = random.Random(seed)  # noqa: S311  the same again for a seed
    for _ in range(dice.randint(2, 5)):
        for _ in range(dice.randint(0, 4)):
            kind = dice.choice(IMPOSSIBLE + BROKEN)
            times = dice.choice([1, 1, 2, 3, 8])
            desk.box.faults.next(cast("FaultKind", kind), path="klines", times=times)
        _ask_for_something(desk, dice)
        held = desk.held(QUARTERS).filter(pl.col("open_time") <= truth["open_time"][-1])
        assert held.join(truth, on=held.columns, how="anti").is_empty()
    desk.box.faults.clear()
    with desk.box.unreachable("archive"):
        assert desk.keeper.backfill(QUARTERS).ok
    assert desk.keeper.collect(QUARTERS, last=5).ok
    assert desk.held(QUARTERS).equals(desk.served(QUARTERS, until_ms=desk.box.clock.now_ms()))
    assert desk.keeper.store.candles.revisions(Series.parse(QUARTERS)).is_empty()
    assert desk.keeper.prove(QUARTERS).holds


def _ask_for_something(desk: Rehearsal, dice: random.Random) -> None:
    since_ms = dice.randint(LISTED_MS, EARLY_MS - HOUR_MS)
    since = ms_to_datetime(since_ms)
    until = ms_to_datetime(dice.randint(since_ms + HOUR_MS, EARLY_MS))
    # Where nobody said from when on, a row from before is one that a true answer could have.
    overlaps = any(fault.kind == "overlap" for fault in desk.box.faults.planned())
    match dice.choice(VERBS[1:] if overlaps else VERBS):
        case "last":
            desk.keeper.collect(QUARTERS, last=dice.choice([1, 5, 700, 1500]))
        case "since":
            desk.keeper.collect(QUARTERS, since=since)
        case "between":
            desk.keeper.collect(QUARTERS, since=since, until=until)
        case "repair":
            desk.keeper.repair(QUARTERS)
        case _:
            # Without its first candle a history cannot be planned, which is said by an error.
            with desk.box.unreachable("archive"), suppress(RemoteError):
                desk.keeper.backfill(QUARTERS, since=since, until=until)


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("twice", None), ("markup", None),
        ("negative", "market_cap should not be negative"), ("nan", "no JSON"),
        ("huge", "market_cap should be a number"), ("short-row", "id should be text"),
        ("lacking", None), ("altered", None), ("odd-digits", "current_price should be"),
        ("wrong-type", "market_cap should be"), ("null-row", "is None"), ("nested", "is [{"),
    ][: scaled(short=6, full=12)],
)  # fmt: skip
def test_coins_that_lie(desk: Rehearsal, kind: FaultKind, refused: str | None) -> None:
    """Impossible coins are refused by name and field; the others are ranked, each once."""
    desk.box.faults.always(kind, path="markets", service="coingecko")
    failure = desk.keeper.refresh_market_caps()
    taken = desk.keeper.market_caps()
    desk.box.faults.clear()
    if refused is not None:
        assert refused in str(failure)
        assert len(str(failure)) < 600
        assert taken is None
        assert desk.keeper.status().market_caps_error == str(failure)
        desk.keeper.clock.sleep(3600)
        assert desk.keeper.refresh_market_caps() is None
        taken = desk.keeper.market_caps()
    assert taken is not None
    caps = [coin.market_cap or 0 for coin in taken.coins]
    assert min(caps) > 0
    assert caps == sorted(caps, reverse=True)
    assert len({coin.id for coin in taken.coins}) == len(caps) == 10


def test_symbols_that_lie(desk: Rehearsal) -> None:
    """Names that are paths, HTML, endless or empty are no symbols; one that is listed twice is."""
    told = [desk.keeper.listings.fetch(desk.keeper.exchange("binance"))]
    for kind in ("markup", "twice"):
        desk.box.faults.next(kind, path="exchangeInfo")
        told.append(desk.keeper.listings.fetch(desk.keeper.exchange("binance")))
    right, odd, twice = (set(listing.symbols) for listing in told)
    assert odd - right <= {"btcusdt"}, "which nobody can ask for: a series is in capitals"
    assert twice == right
