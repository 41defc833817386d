"""Waiting for what other threads and processes do, but not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable


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
