"""Which candles an answer holds: the range rule, over blocks of rendered rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from chandlery.sandbox.sources.rendering import Block


@dataclass(frozen=True, slots=True)
class Asked:
    """The range of a request: inclusive bounds on open times, and how many candles at most."""

    start_ms: int | None
    end_ms: int | None
    limit: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """The open times that a series has had so far: from `first_ms` up to but not `stop_ms`."""

    first_ms: int
    stop_ms: int


class Blocks(Protocol):
    """Rendered candles of one series, block by block."""

    def block_of(self, ms: int) -> int:
        """The number of the block that would hold a candle open at `ms`."""

    def block(self, number: int) -> Block:
        """One block; its rows ascend, and some may lie outside the stretch."""


def choose(
    blocks: Blocks, held: Stretch, asked: Asked, forming: Callable[[], tuple[int, bytes] | None]
) -> bytes:
    """The JSON array of an answer.

    With a start the oldest rows from it on, else the newest rows up to the end. `forming` gives
    the open time and text of the candle that is not closed yet, which comes last if it fits.
    """
    if asked.start_ms is not None:
        parts = _oldest(blocks, held, asked)
        missing = asked.limit - sum(count for count, _ in parts)
        past = asked.end_ms is not None and asked.end_ms < held.stop_ms
        open_candle = forming() if missing > 0 and not past else None
        if open_candle and _within(open_candle[0], asked):
            parts.append((1, open_candle[1]))
    else:
        open_candle = forming()
        tail = [(1, open_candle[1])] if open_candle and _within(open_candle[0], asked) else []
        parts = [*_newest(blocks, held, asked, asked.limit - len(tail)), *tail]
    return b"[" + b",".join(text for count, text in parts if count) + b"]"


def _within(open_ms: int, asked: Asked) -> bool:
    after = asked.start_ms is None or open_ms >= asked.start_ms
    return after and (asked.end_ms is None or open_ms <= asked.end_ms)


def _last(held: Stretch, asked: Asked) -> int:
    last = held.stop_ms - 1
    return last if asked.end_ms is None else min(last, asked.end_ms)


def _oldest(blocks: Blocks, held: Stretch, asked: Asked) -> list[tuple[int, bytes]]:
    first, last = max(asked.start_ms or 0, held.first_ms), _last(held, asked)
    parts: list[tuple[int, bytes]] = []
    missing = asked.limit
    number = blocks.block_of(first)
    while first <= last and missing > 0 and number <= blocks.block_of(last):
        block = blocks.block(number)
        start, stop = np.searchsorted(block.opens, [first, last + 1])
        stop = min(int(stop), int(start) + missing)
        parts.append((stop - int(start), block.rows(int(start), stop)))
        missing -= stop - int(start)
        number += 1
    return parts


def _newest(blocks: Blocks, held: Stretch, asked: Asked, missing: int) -> list[tuple[int, bytes]]:
    first, last = held.first_ms, _last(held, asked)
    parts: list[tuple[int, bytes]] = []
    number = blocks.block_of(last)
    while first <= last and missing > 0 and number >= blocks.block_of(first):
        block = blocks.block(number)
        start, stop = (int(place) for place in np.searchsorted(block.opens, [first, last + 1]))
        start = max(start, stop - missing)
        parts.insert(0, (stop - start, block.rows(start, stop)))
        missing -= stop - start
        number -= 1
    return parts
