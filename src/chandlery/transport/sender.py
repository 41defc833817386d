"""The one door to the network: paced by the budget, tried again, host after host."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Self, TypeVar

from chandlery.clock import Clock, ms_to_text
from chandlery.errors import Blocked, RateLimited, ServerFault, Temporary
from chandlery.transport.budget import Budget, Permit
from chandlery.transport.connections import Connections
from chandlery.transport.faults import faults
from chandlery.transport.hosts import Host, Hosts
from chandlery.transport.outcome import Failures
from chandlery.transport.request import Answer, Request, Sink
from chandlery.transport.retry import Trials
from chandlery.transport.service import MANNERS, Manners, Service
from chandlery.transport.verdict import judge, retry_after

T = TypeVar("T")

FREEZE_MARGIN: Final = 1.0
"""Seconds added to what Retry-After asks, which comes in whole seconds."""


class Sender:
    """Sends requests to one service and returns what was made of the answers.

    A temporary failure is tried at the next host in the same round, and after a pause in the
    next round; the host that worked is asked first from then on. A 429 or 418 goes to no other
    host, since all share the budget of this machine's address: the budget is frozen for all who
    use it, and the request waits if its patience allows.

    Thread-safe. Nothing is sent by the constructor. Waiting goes through `clock.sleep`, which
    may raise to end it.
    """

    def __init__(
        self, service: Service, *, clock: Clock, budget: Budget, manners: Manners = MANNERS
    ) -> None:
        self._service = service
        self._clock = clock
        self._budget = budget
        self._manners = manners
        self._hosts = Hosts(service)
        self._connections = Connections(manners, clock)

    @property
    def first_url(self) -> str:
        """The base URL that is asked first, without user and password."""
        return self._hosts.in_order()[0].base

    def send(self, request: Request) -> Answer:
        """The answer: 2xx, or a 4xx that is the caller's to explain.

        Raises `Unreachable`, `ServerFault`, `BadAnswer` or `RateLimited` when trying again did
        not help, and `Blocked` when no host serves this machine's address.
        """
        return self.ask(request, lambda answer: answer)

    def ask(self, request: Request, read: Callable[[Answer], T], *, sink: Sink | None = None) -> T:
        """What `read` makes of the answer; when it raises a `Temporary`, that is tried again.

        The body of a 200 goes into the `sink`, if there is one, and starts over with each try.
        """
        trials = Trials(self._manners.retry, self._clock)
        while True:
            try:
                return self._round(request, read, trials, sink)
            except RateLimited as error:
                wait = error.retry_after + FREEZE_MARGIN
                if trials.excused + wait > self._manners.patience:
                    raise
                # The frozen budget makes the next trial wait.
                trials.count(error)
            except Temporary as error:
                trials.pause(error)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _round(
        self, request: Request, read: Callable[[Answer], T], trials: Trials, sink: Sink | None
    ) -> T:
        failures = Failures(self._service, request)
        for host in self._hosts.in_order():
            try:
                permit = self._permit(request, trials)
                result = read(self._attempt(host, request, permit, sink))
            except RateLimited as error:
                raise self._limited(host, error) from error
            except (Temporary, Blocked) as error:
                failures.add(host, error)
                if trials.late():
                    break
            else:
                self._hosts.prefer(host)
                return result
        raise failures.together() from failures.first

    def _permit(self, request: Request, trials: Trials) -> Permit:
        asked = self._clock.monotonic()
        try:
            return self._budget.acquire(
                request.weight,
                background=self._manners.background,
                patience=self._manners.patience - trials.excused,
            )
        finally:
            trials.excuse(self._clock.monotonic() - asked)

    def _attempt(self, host: Host, request: Request, permit: Permit, sink: Sink | None) -> Answer:
        used: int | None = None
        try:
            answer = self._exchange(host, request, sink)
            used = self._used(answer)
            # Before the permit is settled, so that nobody slips through in between.
            self._judge(answer, request)
        finally:
            self._budget.settle(permit, used)
        return answer

    def _judge(self, answer: Answer, request: Request) -> None:
        try:
            judge(answer, request)
        except RateLimited as error:
            self._budget.freeze(error.retry_after + FREEZE_MARGIN)
            raise
        except ServerFault:
            # Where there is another host to turn to, a busy one is simply left alone.
            if "retry-after" in answer.headers and len(self._hosts.in_order()) == 1:
                self._budget.freeze(retry_after(answer) + FREEZE_MARGIN)
            raise

    def _exchange(self, host: Host, request: Request, sink: Sink | None) -> Answer:
        sent_ms, sent = self._clock.now_ms(), self._clock.monotonic()
        headers = {**host.headers, **request.headers}
        with faults():
            response, body = self._connections.ask(
                request.method, request.url(host.base), headers, sink
            )
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.itermerged()},
            body=body,
            url=host.base + request.shown(),
            sent_ms=sent_ms,
            received_ms=self._clock.now_ms(),
            sent=sent,
            received=self._clock.monotonic(),
        )

    def _used(self, answer: Answer) -> int | None:
        text = answer.headers.get(self._service.weight_header, "")
        return int(text) if re.fullmatch("[0-9]{1,9}", text) else None

    def _limited(self, host: Host, error: RateLimited) -> RateLimited:
        until = ms_to_text(self._clock.now_ms() + round(error.retry_after * 1000))
        return RateLimited(
            f"{self._service.name} ({host.name}): {error}. Try again after {until}.",
            retry_after=error.retry_after,
        )
