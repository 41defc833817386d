"""What an HTTP status means for a reader: pure, the same for every service."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from chandlery.errors import BadAnswer, Blocked, RateLimited, ServerFault, printable
from chandlery.transport.request import Answer, Request

TOO_MANY: Final = HTTPStatus.TOO_MANY_REQUESTS
BANNED: Final = HTTPStatus.IM_A_TEAPOT
BLOCKED: Final = {HTTPStatus.FORBIDDEN, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS}
BAD_REQUEST: Final = HTTPStatus.BAD_REQUEST
SLOW: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}

DEFAULT_WAIT: Final = {TOO_MANY: 60.0, BANNED: 120.0}
"""Seconds to stay away when the answer does not say: a whole minute; Binance's shortest ban."""
LONGEST_WAIT: Final = 30 * 86_400.0
_EXCERPT: Final = 200
_LOOKED_AT: Final = 2000
_SAID: Final = re.compile(r'"(?:msg|message|error|error_message)": ?"((?:[^"\\]|\\.)+)"')
"""The sentence for people in the JSON of most services."""


def judge(answer: Answer, request: Request) -> None:
    """Raise what the status means, or return when the body is for the caller to read.

    2xx and the coded refusals (other 4xx) are for the caller. The error's text is only the
    reason; the sender adds who was asked for what.
    """
    status = answer.status
    if status in DEFAULT_WAIT:
        raise RateLimited(_limit_reason(status), retry_after=retry_after(answer))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in SLOW:
        raise ServerFault(f"HTTP {status}{excerpt(answer, request)}")
    if status in BLOCKED:
        reason = "this machine's address is not served"
        raise Blocked(f"HTTP {status}, {reason}{excerpt(answer, request)}")
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES and status < BAD_REQUEST:
        raise BadAnswer(f"HTTP {status} where an answer was expected; redirects are not followed")


def retry_after(answer: Answer) -> float:
    """Seconds to stay away, from the header, else from the body, else a safe default."""
    header = answer.headers.get("retry-after", "").strip()
    seconds = _seconds(header)
    if seconds is None:
        until_ms = http_date_ms(header) or _until_ms(answer.body)
        seconds = (until_ms - answer.received_ms) / 1000 if until_ms else None
    if seconds is None:
        seconds = DEFAULT_WAIT.get(HTTPStatus(answer.status), DEFAULT_WAIT[TOO_MANY])
    return min(max(seconds, 1.0), LONGEST_WAIT)


def http_date_ms(text: str) -> int | None:
    """The moment that a header such as `Date` names, in epoch milliseconds; None for no date."""
    try:
        return int(parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None


def excerpt(answer: Answer, request: Request) -> str:
    """What the body says, for a message: ` (…)`, cut short and without secrets."""
    text = " ".join(answer.body[:_LOOKED_AT].decode("utf-8", "replace").split())
    if not text:
        return " (empty)"
    if text.startswith("<"):
        return " (a web page, not data)"
    said = _SAID.search(text)
    text = printable(request.hide(said[1] if said else text))
    return f" ({text[:_EXCERPT]}{'…' if len(text) > _EXCERPT else ''})"


def _limit_reason(status: int) -> str:
    if status == BANNED:
        return "this address is banned for having sent too much (HTTP 418)"
    return "too many requests from this address (HTTP 429)"


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text) else None


def _until_ms(body: bytes) -> int | None:
    # Binance's 418: "... IP banned until 1702275878212. ..."
    found = re.search(rb"until ([0-9]{13})\b", body[:1000])
    return int(found[1]) if found else None
