"""What became of one round over all hosts, as one error that a person can act on."""

from __future__ import annotations

from chandlery.errors import Blocked, RemoteError, Temporary, Unreachable
from chandlery.transport.hosts import Host
from chandlery.transport.request import Request
from chandlery.transport.service import Service


class Failures:
    """The failures of one request, host by host; `together` makes one error of them."""

    def __init__(self, service: Service, request: Request) -> None:
        self._service = service
        self._request = request
        self._failures: list[tuple[Host, RemoteError]] = []

    def add(self, host: Host, error: RemoteError) -> None:
        """Note that a host failed."""
        self._failures.append((host, error))

    @property
    def first(self) -> RemoteError:
        """The failure that decides the kind: the first temporary one, else the first."""
        errors = [error for _, error in self._failures]
        return next((error for error in errors if isinstance(error, Temporary)), errors[0])

    def together(self) -> RemoteError:
        """One error: `Blocked` only when every host is; else the first temporary kind."""
        kind = type(self.first)
        return kind(f"{self._what()} ({self._reasons()}). {self._advice()}")

    def _what(self) -> str:
        if all(isinstance(error, Unreachable) for _, error in self._failures):
            return f"{self._service.name} cannot be reached"
        return f"{self._service.name} did not give {self._request.shown()}"

    def _reasons(self) -> str:
        hosts_by_reason: dict[str, list[str]] = {}
        for host, error in self._failures:
            hosts_by_reason.setdefault(str(error), []).append(host.name)
        return "; ".join(f"{_few(names)}: {why}" for why, names in hosts_by_reason.items())

    def _advice(self) -> str:
        if any(isinstance(error, Blocked) for _, error in self._failures):
            return self._service.if_blocked or f"Set {self._service.setting} to another host."
        return f"Try again later, or set {self._service.setting} to another host."


def _few(names: list[str]) -> str:
    if len(names) <= 2:  # noqa: PLR2004  two names still read well
        return " and ".join(names)
    return f"{names[0]} and {len(names) - 1} other hosts"
