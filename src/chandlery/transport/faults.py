"""What goes wrong below HTTP, in our own words: one table, applied by one context manager."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import IncompleteRead
from typing import Final

from urllib3 import exceptions as foreign

from chandlery.errors import BadAnswer, BadSetting, ChandleryError, Unreachable

Fault = tuple[type[ChandleryError], str]

FAULTS: Final[dict[type[BaseException], Fault]] = {
    foreign.HTTPError: (Unreachable, "the connection failed"),
    # no connection
    foreign.NameResolutionError: (Unreachable, "its name could not be resolved"),
    foreign.NewConnectionError: (Unreachable, "no connection"),
    foreign.ConnectTimeoutError: (Unreachable, "no connection in time"),
    foreign.SSLError: (Unreachable, "no trusted TLS connection"),
    foreign.ProxyError: (Unreachable, "the proxy did not connect"),
    # a connection that broke
    foreign.ProtocolError: (Unreachable, "the connection broke"),
    foreign.TimeoutError: (Unreachable, "no answer in time"),
    foreign.ReadTimeoutError: (Unreachable, "no answer in time"),
    foreign.PoolError: (Unreachable, "the connection failed"),
    foreign.RequestError: (Unreachable, "the connection failed"),
    foreign.MaxRetryError: (Unreachable, "the connection failed"),
    foreign.EmptyPoolError: (Unreachable, "no free connection"),
    foreign.FullPoolError: (Unreachable, "no free connection"),
    foreign.ClosedPoolError: (Unreachable, "the connection was closed on this side"),
    # an answer that is not what HTTP promises
    foreign.IncompleteRead: (BadAnswer, "the answer was cut off"),
    foreign.InvalidChunkLength: (BadAnswer, "the answer was cut off"),
    foreign.DecodeError: (BadAnswer, "the answer could not be decompressed"),
    foreign.ResponseNotChunked: (BadAnswer, "the answer was garbled"),
    foreign.BodyNotHttplibCompatible: (BadAnswer, "the answer was garbled"),
    foreign.ResponseError: (BadAnswer, "the answer was garbled"),
    foreign.InvalidHeader: (BadAnswer, "the answer's headers were garbled"),
    foreign.HeaderParsingError: (BadAnswer, "the answer's headers were garbled"),
    foreign.HostChangedError: (BadAnswer, "it sent us to another host"),
    foreign.UnrewindableBodyError: (BadAnswer, "the request could not be repeated"),
    # a URL or a proxy that cannot be used
    foreign.LocationValueError: (BadSetting, "its URL cannot be used"),
    foreign.LocationParseError: (BadSetting, "its URL cannot be used"),
    foreign.URLSchemeUnknown: (BadSetting, "its URL must begin with http:// or https://"),
    foreign.ProxySchemeUnknown: (BadSetting, "the proxy's URL must begin with http:// or https://"),
    foreign.ProxySchemeUnsupported: (BadSetting, "this kind of proxy is not supported"),
    foreign.TimeoutStateError: (BadSetting, "its timeouts cannot be used"),
}
"""Every error of urllib3, and which of ours it becomes. A test holds the table complete."""


@contextmanager
def faults() -> Iterator[None]:
    """Turn every error of urllib3 into one of ours, with a reason that names no URL."""
    try:
        yield
    except (foreign.HTTPError, foreign.ProxySchemeUnsupported) as error:
        kind, reason = fault(error)
        raise kind(reason) from error


def fault(error: BaseException) -> Fault:
    """Our kind of error and the reason, for an error of urllib3."""
    inner = error.args[-1] if isinstance(error, foreign.ProtocolError) and error.args else None
    if isinstance(inner, IncompleteRead):
        # A broken connection wraps what broke it; a body that ends too early is a bad answer.
        return FAULTS[foreign.IncompleteRead]
    for kind in type(error).__mro__:
        if kind in FAULTS:
            return FAULTS[kind]
    return FAULTS[foreign.HTTPError]
