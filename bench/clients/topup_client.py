"""One pass of the embedded loop over every series, as it were so many days ago; prints its cost.

`python -m bench.clients.topup_client DAYS_AGO`; the settings come from the environment.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Final

from chandlery.clock import StoppableClock
from chandlery.collect.keeper import Keeper
from chandlery.schedule.embedded import EmbeddedLoop
from chandlery.settings import read_settings

_DAY_MS: Final = 86_400_000


class EarlierClock(StoppableClock):
    """The machine's time, so many milliseconds ago."""

    def __init__(self, by_ms: int) -> None:
        super().__init__()
        self._by_ms = by_ms

    def now_ms(self) -> int:
        """Epoch milliseconds, UTC."""
        return super().now_ms() - self._by_ms


def main() -> None:
    """Collect what is due; the pass that lists the symbols, if there was none, is not counted."""
    clock = EarlierClock(int(sys.argv[1]) * _DAY_MS)
    with Keeper(read_settings(), clock=clock, background=True) as keeper:
        loop = EmbeddedLoop(keeper, clock, tell=lambda text: print(text, file=sys.stderr))
        if not keeper.wanted_series():
            loop.run_due()
        before = _candles(keeper)
        began, cpu = time.perf_counter(), time.process_time()
        loop.run_due()
        found = {
            "seconds": time.perf_counter() - began,
            "cpu": time.process_time() - cpu,
            "candles": _candles(keeper) - before,
            "series": len(keeper.catalogue()),
            "failed": sum(job.state.failures > 0 for job in keeper.jobs() if job.series),
            "behind": sum(job.due_ms <= clock.now_ms() - 60_000 for job in keeper.jobs()),
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    print(json.dumps(found))


def _candles(keeper: Keeper) -> int:
    return sum(line.candles for line in keeper.catalogue())


if __name__ == "__main__":
    main()
