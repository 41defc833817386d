"""Celery's beat: sends a task for every job that is due, by what the store knows of it.

No schedule is kept in a file: due times come from the store, so restarts, clocks that are set and
a second beat do no harm.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from amqp.exceptions import ChannelError
from celery.beat import Scheduler
from kombu import Connection
from kombu.exceptions import KombuError

from chandlery.collect.jobs import Job, exchange_of_listing
from chandlery.collect.market_caps import MARKET_CAPS
from chandlery.errors import ChandleryError, StoreError
from chandlery.schedule.celery_keeper import AWAY, ProcessKeeper
from chandlery.schedule.celery_plan import Plan, life_ms
from chandlery.schedule.celery_tasks import CAPS, COLLECT, SYMBOLS
from chandlery.schedule.celery_words import Outage, ended, short

_LOG: Final = logging.getLogger("celery.beat")
_LONGEST_NAP: Final = 5.0
_CLEANUP: Final = "celery.backend_cleanup"
_DAY: Final = 86_400.0
_NOT_FOUND: Final = "404"


class DueScheduler(Scheduler):
    """Plans by the store at every tick."""

    max_interval = _LONGEST_NAP

    def setup_schedule(self) -> None:
        """Open the store. Ends the program when only a person can put it right."""
        self._keeper: ProcessKeeper = self.app.keeper
        self._plan = Plan()
        self._store_away, self._broker_away = Outage(_LOG), Outage(_LOG)
        self._cleaned: float | None = None
        self._broker: Connection | None = None
        try:
            self._keeper.open()
        except AWAY:
            pass  # the first tick says so
        except ChandleryError as error:
            ended(error)

    def tick(self, *_: object, **__: object) -> float:
        """Send what is due; the seconds until the next look."""
        try:
            jobs = self._keeper.open().jobs()
        except StoreError as error:
            self._store_away.began(f"{error} Waiting for it")
            return float(self.max_interval)
        self._store_away.ended("The store is back")
        try:
            self._send_due(jobs)
        except (KombuError, OSError, *self._broker_errors()) as error:
            self._broker_away.began(f"The broker is away; waiting for it ({short(error)})")
            self._hang_up()
            return float(self.max_interval)
        return min(self._plan.nap_ms(jobs, now_ms=_now_ms()) / 1000, float(self.max_interval))

    def close(self) -> None:
        """Close the connections."""
        self._hang_up()
        self._keeper.close()

    @property
    def info(self) -> str:
        """A line of beat's banner."""
        return "    . due times -> from the store"

    def _send_due(self, jobs: list[Job]) -> None:
        now_ms = _now_ms()
        if not any(job.due_ms <= now_ms for job in jobs):
            return
        broker = self._connection()
        waiting = _waiting(broker, self.app.conf.task_default_queue)
        self._broker_away.ended("The broker is back")
        with broker.channel() as channel:
            producer = self.app.amqp.Producer(channel, auto_declare=False)
            self._clean_up(producer)
            for job in self._plan.due(jobs, waiting=waiting, now_ms=now_ms):
                self._send(job, producer)
                self._plan.sent(job, now_ms=now_ms)

    def _send(self, job: Job, producer: Any) -> None:  # noqa: ANN401  Kombu has no types
        task, words = _task(job)
        _LOG.info("Scheduler: Sending due task %s (%s)", job.name, task)
        self.app.tasks[task].apply_async(
            words,
            {"due_ms": job.due_ms},
            producer=producer,
            retry=False,
            expires=life_ms(job) / 1000,
        )

    def _clean_up(self, producer: Any) -> None:  # noqa: ANN401  Kombu has no types
        """Have old results deleted, once a day."""
        if self.app.backend.supports_autoexpire:
            return
        if self._cleaned is not None and time.monotonic() - self._cleaned < _DAY:
            return
        _LOG.info("Scheduler: Sending due task %s", _CLEANUP)
        self.app.tasks[_CLEANUP].apply_async(
            producer=producer, retry=False, expires=_DAY, ignore_result=True
        )
        self._cleaned = time.monotonic()

    def _connection(self) -> Connection:
        if self._broker is None:
            self._broker = self.app.connection_for_write()
        self._broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=2)
        return self._broker

    def _hang_up(self) -> None:
        broker, self._broker = self._broker, None
        if broker is not None:
            broker.close()

    def _broker_errors(self) -> tuple[type[Exception], ...]:
        broker = self._broker
        return () if broker is None else (*broker.connection_errors, *broker.channel_errors)


def _task(job: Job) -> tuple[str, tuple[str, ...]]:
    """The task that does a job, and its arguments."""
    if job.name == MARKET_CAPS:
        return CAPS, ()
    exchange = exchange_of_listing(job.name)
    return (COLLECT, (job.name,)) if exchange is None else (SYMBOLS, (exchange,))


def _waiting(broker: Connection, queue: str) -> int:
    """How many tasks nobody has taken yet."""
    with broker.channel() as channel:
        try:
            return int(channel.queue_declare(queue, passive=True).message_count)
        except ChannelError as error:
            if str(error.reply_code) != _NOT_FOUND:
                raise
            return 0  # a queue that never had a message, and Redis forgets one that is empty


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
