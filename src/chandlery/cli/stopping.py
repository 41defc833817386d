"""Ctrl-C and SIGTERM: how a program that runs until it is told to end comes to its end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from chandlery.cli.console import note

if TYPE_CHECKING:
    from chandlery.clock import StoppableClock

_T = TypeVar("_T")
_ENDINGS: Final = (signal.SIGINT, signal.SIGTERM)
_NAP_SECONDS: Final = 0.1
"""So soon a signal is heeded; it ends no sleep."""
_JOIN_SECONDS: Final = 1.0
_IN_GOOD_ORDER_SECONDS: Final = 5.0
"""A signal that comes later than so long after the first ends the program as it stands; one that
comes sooner may be the same, as `make` passes it on."""
_AGAIN_SECONDS: Final = 0.05


class _Ending:
    """When this program was told to end, by its monotonic clock, if it was."""

    told: float | None = None


@contextmanager
def until_stopped() -> Iterator[None]:
    """Ends the block in good order at Ctrl-C or SIGTERM, which is how servers are meant to end.

    Python would raise `KeyboardInterrupt` between any two instructions: right behind the taking
    of a lock, which is then never given back, or in a callback whose errors nobody hears. Here
    it is raised by `end_if_told` alone; what takes longer than a moment is done `aside`. Told again
    five seconds later, the program ends at once.
    """
    _Ending.told = None
    # Set by hand, because a shell starts background jobs with Ctrl-C ignored.
    before = {number: signal.signal(number, _tell) for number in _ENDINGS}
    try:
        yield
    except KeyboardInterrupt:
        note("Stopped.")
        for number in _ENDINGS:
            # Python's last step lets go of handlers of its own; a late signal must not look like
            # what ended the program.
            signal.signal(number, signal.SIG_IGN)
    except BaseException:
        for number, handler in before.items():
            signal.signal(number, handler)
        raise


def _tell(number: int, _: object) -> None:
    now = time.monotonic()
    if _Ending.told is None:
        _Ending.told = now
    elif now - _Ending.told > _IN_GOOD_ORDER_SECONDS:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)


def end_if_told() -> None:
    """Raises `KeyboardInterrupt` if this program was told to end."""
    if _Ending.told is not None:
        raise KeyboardInterrupt


def wait_for_ever() -> None:
    """Until this program is told to end."""
    while True:
        end_if_told()
        time.sleep(_NAP_SECONDS)


def aside(clock: StoppableClock, work: Callable[[], _T]) -> _T:
    """What `work` returns or raises, done in a thread of its own while this one heeds signals.

    When told to end, `clock` is stopped, and `work` is left alone unless it ends within a moment.
    """
    from concurrent.futures import wait

    from chandlery.collect.pool import Pool

    end_if_told()
    with Pool(1, "aside", patience=_JOIN_SECONDS) as pool:
        outcome = pool.submit(work)
        try:
            while not outcome.done():
                wait((outcome,), timeout=_NAP_SECONDS)
                end_if_told()
        except KeyboardInterrupt:
            clock.stop()
            raise
    return outcome.result()


@contextmanager
def interrupted_quietly() -> Iterator[None]:
    """A Ctrl-C in the middle of a library's work is no error that people should read about.

    SQLAlchemy writes a traceback of one before it passes it on. One in a callback of the
    interpreter itself is not passed on at all: it is raised again a moment later.
    """
    unraisable, last = sys.unraisablehook, logging.lastResort

    def hook(lost: sys.UnraisableHookArgs) -> None:
        if isinstance(lost.exc_value, KeyboardInterrupt):
            threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT)).start()
        else:
            unraisable(lost)

    sys.unraisablehook = hook
    if last is not None:
        last.addFilter(_is_no_interrupt)
    try:
        yield
    finally:
        sys.unraisablehook = unraisable
        if last is not None:
            last.removeFilter(_is_no_interrupt)


def _is_no_interrupt(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], KeyboardInterrupt))


def end_at_once_if_told() -> None:
    """From now on a Ctrl-C ends the program: Python shows a traceback of one in its last steps."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
