"""The base URLs of a service: checked at the door, and the one that worked last goes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, make_headers, parse_url

from chandlery.errors import BadSetting
from chandlery.transport.service import Service


@dataclass(frozen=True, slots=True)
class Host:
    """One base URL: without user and password, which become a header, and without final slash."""

    base: str
    name: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


class Hosts:
    """The hosts of one service, in the order in which to try them."""

    def __init__(self, service: Service) -> None:
        self._hosts = tuple(_host(url, service) for url in _listed(service.urls))
        if not self._hosts:
            msg = f"{service.setting} names no URL for {service.name}."
            raise BadSetting(msg)
        self._first = 0

    def in_order(self) -> tuple[Host, ...]:
        """All hosts, beginning with the one that worked last."""
        return self._hosts[self._first :] + self._hosts[: self._first]

    def prefer(self, host: Host) -> None:
        """Begin with this host from now on."""
        self._first = self._hosts.index(host)


def _listed(urls: Sequence[str]) -> list[str]:
    texts = urls.split(",") if isinstance(urls, str) else urls
    return [text.strip() for text in texts if text.strip()]


def _host(text: str, service: Service) -> Host:
    try:
        url = parse_url(text)
    except LocationParseError as error:
        raise _unusable(service, "cannot be read as a URL") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise _unusable(service, "needs the form https://host or http://host:port")
    if url.query or url.fragment:
        raise _unusable(service, "must not have a query or a fragment")
    headers = make_headers(basic_auth=url.auth) if url.auth else {}
    path = (url.path or "").rstrip("/")
    base = Url(scheme=url.scheme, host=url.host, port=url.port, path=path)
    return Host(base.url, base.netloc or url.host, headers)


def _unusable(service: Service, why: str) -> BadSetting:
    # The URL itself is not shown: it may hold a password.
    return BadSetting(f"A base URL of {service.name} ({service.setting}) {why}.")
