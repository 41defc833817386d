"""Streams that lie: what they say is a hint, so that none of it is ever kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

import polars as pl
import pytest

from chandlery.candles.series import Series
from chandlery.collect.live.events import LiveCandle
from chandlery.sandbox import Sandbox
from chandlery.sandbox.streams.faults import StreamFaultKind
from chandlery.sandbox.streams.lies import ODD_FRAMES, STREAM_LIES
from tests.collect.test_follow import Watcher, watching
from tests.torture.footprint import Footprint

NOW_MS: Final = 1_741_964_966_535
SECONDS: Final = Series.parse("binance:BTCUSDT:1s")
STREAM: Final = "btcusdt@kline_1s"
KINDS: Final[tuple[StreamFaultKind, ...]] = (
    *STREAM_LIES, "wrong", "no-close", "garbled", *ODD_FRAMES,
)  # fmt: skip
AT_A_CLOSE: Final = {"wrong", "no-close"}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange in real time, which sends often."""
    with Sandbox(now_ms=NOW_MS, stream_every_ms=50) as running:
        running.clock.run(1.0, NOW_MS)
        yield running


def assert_sound(told: list[LiveCandle]) -> None:
    """What was shown has sense, and does not go back in time, whoever said it."""
    for one in told:
        opened, low, close, high = (Decimal(str(one.row[place])) for place in (1, 3, 4, 2))
        assert low <= min(opened, close) <= max(opened, close) <= high
    opens = [int(one.row[0]) for one in told if one.source == "stream" and not one.closed]
    assert opens == sorted(opens)


def assert_kept_is_served(watcher: Watcher) -> None:
    """The store has the exchange's own candles, each as REST serves it."""
    held = watcher.keeper.store.candles.read(SECONDS, forming=False).frame
    span = watcher.keeper.store.candles.read(SECONDS, forming=False).span
    assert span is not None
    served = watcher.keeper.exchange("binance").oldest(SECONDS, span, 1000).candles.frame
    assert held.equals(served.filter(pl.col("open_time").is_in(held["open_time"].implode())))
    assert watcher.keeper.store.candles.revisions(SECONDS).is_empty()


@pytest.mark.slow  # In real time: connections end, and are made anew.
def test_every_lie(box: Sandbox, tmp_path: Path) -> None:
    """Lies, garbage and frames that nobody expects are passed over; REST's candles are kept."""
    with watching(box, tmp_path, SECONDS) as watcher:
        watcher.until_status(SECONDS, "live")
        watcher.until(lambda: bool(watcher.kept(SECONDS)))  # what a lie is held against
        before = Footprint.of().memory_mb
        for kind in KINDS:
            box.stream_faults.add(kind, STREAM, times=1 if kind in AT_A_CLOSE else 2)
            watcher.until(lambda: not box.stream_faults.planned(), 20.0)
        newest = max(int(row[0]) for row in watcher.kept(SECONDS))
        watcher.until(lambda: max(int(row[0]) for row in watcher.kept(SECONDS)) > newest + 2000)
        watcher.until_status(SECONDS, "live")
        assert_sound([one for one in watcher.told if isinstance(one, LiveCandle)])
        assert_kept_is_served(watcher)
        assert Footprint.of().memory_mb < before + 100


def test_a_flood(box: Sandbox, tmp_path: Path) -> None:
    """Frames of four megabytes, one after the other, are refused unread, and take no memory."""
    with watching(box, tmp_path, SECONDS) as watcher:
        watcher.until_status(SECONDS, "live")
        before = Footprint.of().memory_mb
        box.stream_faults.add("giant", STREAM, times=1000)
        deadline = time.monotonic() + 1.5
        most = before
        while time.monotonic() < deadline:
            most = max(most, Footprint.of().memory_mb)
            time.sleep(0.05)
        box.stream_faults.clear()
        assert most < before + 60
