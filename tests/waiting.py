"""Waiting for what other threads and processes do, but not for ever."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE: Final = 2 if "PYTEST_XDIST_WORKER" in os.environ else 1
"""How often a promised time may pass where other tests run beside: they take the processors."""


def eventually(
    true: Callable[[], object],
    seconds: float = 20.0,
    told: Callable[[], object] = lambda: "it did not happen",
) -> None:
    """Wait until something is so; after `seconds` it fails with what `told` says."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, told()
        time.sleep(0.005)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where what is done in the block takes longer; beside other tests, twice so long.

    What such a promise rules out, a wait for what hangs, takes ten seconds and more.
    """
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert took < seconds * PATIENCE, f"it took {took:.2f} s, not {seconds:g}"
