"""What has to be done to its end, though somebody presses Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_TRIES: Final = 3
"""Polars tells of one Ctrl-C again: in the next call that is made of it, and in all until those
are over that were under way in other threads."""


def insist(work: Callable[[], None]) -> None:
    """Do it again where a Ctrl-C comes in the middle, and raise `KeyboardInterrupt` afterwards.

    Doing again what was done in part must do no harm.
    """
    stopped: KeyboardInterrupt | None = None
    for _ in range(_TRIES):
        try:
            work()
            break
        except KeyboardInterrupt as error:
            stopped = error
    if stopped is not None:
        raise stopped
