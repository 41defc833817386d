"""Which tasks beat sends now, from what is due and what it has sent; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from chandlery.collect.jobs import Job

SHORTEST_LIFE_MS: Final = 10_000
LONGEST_LIFE_MS: Final = 300_000
"""A message that nobody took for so long is dropped."""
MOST_WAITING: Final = 100
"""So many tasks of series that no person named may wait at once; who is named never waits long."""

_LONGEST_NAP_MS: Final = 5_000
_SHORTEST_NAP_MS: Final = 100
_HELD_BACK_NAP_MS: Final = 500


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent for a due time, and when it will be dropped."""

    due_ms: int
    until_ms: int


def life_ms(job: Job) -> int:
    """How long the message for a job lives: about a period, within reason."""
    return max(SHORTEST_LIFE_MS, min(job.period_ms, LONGEST_LIFE_MS))


class Plan:
    """What has been sent and is not done yet. It is kept in memory only: see `Runner.do`."""

    def __init__(self) -> None:
        self._sent: dict[str, Sent] = {}

    def due(self, jobs: Iterable[Job], *, waiting: int, now_ms: int) -> Iterator[Job]:
        """The jobs to send now, in order, when so many tasks wait in the queue.

        What was sent is not sent again before its message was dropped, and then not while tasks
        wait: nobody takes them, or the workers are busy, and more messages would not help.
        """
        room = MOST_WAITING - waiting
        for job in jobs:
            if job.due_ms > now_ms or self._on_its_way(job, now_ms):
                continue
            again = job.name in self._sent and self._sent[job.name].due_ms == job.due_ms
            if (again and waiting) or (room <= 0 and not job.named):
                continue
            room -= 1
            yield job

    def sent(self, job: Job, *, now_ms: int) -> None:
        """Remember that a job was sent."""
        self._sent[job.name] = Sent(job.due_ms, now_ms + life_ms(job))

    def nap_ms(self, jobs: Iterable[Job], *, now_ms: int) -> int:
        """How long to wait until something has to be looked at again."""
        nap = _LONGEST_NAP_MS
        for job in jobs:
            if job.due_ms > now_ms:
                nap = min(nap, job.due_ms - now_ms)
            elif self._on_its_way(job, now_ms):
                # When it is done, which the store tells, it has a new due time.
                nap = min(nap, max(_HELD_BACK_NAP_MS, job.period_ms // 10))
            else:
                nap = min(nap, _HELD_BACK_NAP_MS)
        return max(_SHORTEST_NAP_MS, nap)

    def _on_its_way(self, job: Job, now_ms: int) -> bool:
        sent = self._sent.get(job.name)
        return sent is not None and sent.due_ms == job.due_ms and now_ms < sent.until_ms
