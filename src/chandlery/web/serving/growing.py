"""Threads for requests: more of them while all are busy, fewer again afterwards."""

from __future__ import annotations

from typing import Final

from cheroot.workers.threadpool import ThreadPool

from chandlery.collect.live.pulse import Pulse

_LOOK_SECONDS: Final = 0.25
_SPARE: Final = 4
"""Threads that should be idle. A browser opens connections ahead, and each holds one until it
asks or ten seconds are over."""
_STEP: Final = 8
_MOST: Final = 64


class GrowingPool:
    """Keeps some threads of a running cheroot idle, within bounds."""

    def __init__(self, pool: ThreadPool) -> None:
        pool.max = _MOST
        self._pool = pool
        # Not by the thread that takes connections: growing waits for the new threads.
        self._pulse = Pulse("web-pool", _LOOK_SECONDS, self._look)

    def start(self) -> None:
        """Begin to look after the pool."""
        self._pulse.start()

    def stop(self) -> None:
        """Leave the pool as it is, from when this returns on."""
        self._pulse.stop()
        self._pulse.join()

    def _look(self) -> None:
        idle = self._pool.idle - self._pool.qsize
        if idle < _SPARE:
            self._pool.grow(_STEP)
        elif idle > 2 * _STEP:
            self._pool.shrink(_STEP)
