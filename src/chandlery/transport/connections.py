"""Open connections: kept alive, shared by threads, through a proxy if the machine names one."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Final
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.util import parse_url

from chandlery.clock import Clock
from chandlery.errors import BadAnswer, Unreachable
from chandlery.transport.bounded import Allowance, Bounds, pool_classes
from chandlery.transport.request import Sink
from chandlery.transport.service import Manners

PIECE: Final = 1 << 18
SLOWEST: Final = 16 * 1024
"""Bytes per second that a download must bring on average, after the time for a whole answer."""
MAX_IDLE: Final = 50.0
"""Seconds after which an unused connection is not trusted: routers forget it without a word."""


def user_agent() -> str:
    """Who we say we are: `chandlery/<version>`."""
    try:
        return f"chandlery/{version('chandlery')}"
    except PackageNotFoundError:
        return "chandlery"


class Connections:
    """Ask for a URL and read the answer, with bounds on time and size."""

    def __init__(self, manners: Manners, clock: Clock) -> None:
        self._manners = manners
        self._clock = clock
        self._headers = {
            "User-Agent": user_agent(),
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        }
        self._proxies: dict[tuple[str, str], str | None] = {}
        self._last_use = clock.monotonic()
        self._allowance = Allowance()
        bounds = Bounds(clock, manners.timeouts.whole, self._allowance)
        self._pool_classes = pool_classes(bounds)
        self._pools: dict[tuple[int, str | None], urllib3.PoolManager] = {}

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], sink: Sink | None = None
    ) -> tuple[urllib3.BaseHTTPResponse, bytes]:
        """The answer and its body, decompressed; that of a 200 goes into the `sink`, if any.

        Raises urllib3's errors and ours, and whatever the sink raises.
        """
        begun = self._clock.monotonic()
        if begun - self._last_use > MAX_IDLE:
            self.close()
        self._last_use = begun
        self._allowance.begun = begun
        self._allowance.rate = None if sink is None else SLOWEST
        response = self._pool(url).request(
            method,
            url,
            headers={**self._headers, **headers},
            redirect=False,
            retries=False,
            preload_content=False,
        )
        try:
            if sink is not None and response.status == HTTPStatus.OK:
                body = self._pour(response, sink, begun)
            else:
                body = self._body(response, begun + self._manners.timeouts.whole)
        except BaseException:
            # What is left of the answer must not be taken for the next one.
            response.close()
            raise
        response.release_conn()
        return response, body

    def close(self) -> None:
        """Close all connections that are not in use."""
        for pool in tuple(self._pools.values()):
            pool.clear()

    def _body(self, response: urllib3.BaseHTTPResponse, ends: float) -> bytes:
        pieces: list[bytes] = []
        try:
            pieces.extend(self._pieces(response, ends))
        except BaseException:
            # The error lives until the last try has failed, and would hold all of it until then.
            pieces.clear()
            raise
        return b"".join(pieces)

    def _pieces(self, response: urllib3.BaseHTTPResponse, ends: float) -> Iterator[bytes]:
        limits = self._manners.timeouts
        size = 0
        while piece := response.read1(PIECE):
            yield piece
            size += len(piece)
            if size > limits.most_bytes:
                msg = f"the answer is larger than {limits.most_bytes} bytes"
                raise BadAnswer(msg)
            if self._clock.monotonic() > ends:
                msg = f"the answer was not complete after {limits.whole:g} seconds"
                raise Unreachable(msg)

    def _pour(self, response: urllib3.BaseHTTPResponse, sink: Sink, begun: float) -> bytes:
        sink.restart()
        size = 0
        while piece := response.read1(PIECE):
            sink.write(piece)
            size += len(piece)
            seconds = self._clock.monotonic() - begun
            if seconds > self._manners.timeouts.whole + size / SLOWEST:
                msg = f"the download was too slow: {size} bytes in {seconds:.0f} seconds"
                raise Unreachable(msg)
        return b""

    def _pool(self, url: str) -> urllib3.PoolManager:
        # By process: a connection that a forked worker shares with its parent mixes up answers.
        key = (os.getpid(), self._proxy(url))
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools.setdefault(key, self._new_pool(key[1]))
        return pool

    def _new_pool(self, proxy: str | None) -> urllib3.PoolManager:
        limits, size = self._manners.timeouts, self._manners.pool_size
        timeout = urllib3.Timeout(connect=limits.connect, read=limits.read)
        pool = (
            urllib3.PoolManager(maxsize=size, timeout=timeout)
            if proxy is None
            else urllib3.ProxyManager(proxy, maxsize=size, timeout=timeout)
        )
        pool.pool_classes_by_scheme = dict(self._pool_classes)
        return pool

    def _proxy(self, url: str) -> str | None:
        parsed = parse_url(url)
        scheme, host = parsed.scheme or "", parsed.host or ""
        if (scheme, host) not in self._proxies:
            self._proxies[scheme, host] = _machine_proxy(scheme, host)
        return self._proxies[scheme, host]


def _machine_proxy(scheme: str, host: str) -> str | None:
    """The proxy for this host, from `https_proxy`, `no_proxy` and the like."""
    proxies = getproxies()
    if not proxies or _is_loopback(host) or proxy_bypass(host):
        return None
    return proxies.get(scheme) or proxies.get("all")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
