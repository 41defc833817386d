"""How each fault looks on the wire."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from functools import cache
from http import HTTPStatus
from typing import Final

from aiohttp import web

from chandlery.sandbox.reply import (
    GATEWAY_PAGE,
    HTML,
    Reply,
    banned,
    blocked,
    overloaded,
    restricted,
    too_much,
)
from chandlery.sandbox.wire.faults import Fault
from chandlery.sandbox.wire.lies import LIES, lied

_FOR_EVER: Final = 86_400.0
_RETRY_S: Final = 5.0
_BAN_S: Final = 120.0
_SPOILT: Final = {"garbled", "empty", *LIES}
_BODILY: Final = {"truncated", "reset-mid-body", "hang-mid-body", "trickle", *_SPOILT}
_ELSEWHERE: Final = "http://elsewhere.invalid/"
_MEMBER_BYTES: Final = 1 << 24
_MEMBERS: Final = 64


def instead(fault: Fault, now_ms: int, weight_limit: int) -> Reply | None:
    """The answer that a fault gives in place of the real one, if it is an answer."""
    wait, ban = seconds_away(fault), _seconds(fault, _BAN_S)
    return {
        "5xx": overloaded(),
        "html": Reply(502, GATEWAY_PAGE, HTML),
        "429": too_much(weight_limit, wait),
        "418": banned(now_ms + ban * 1000, ban),
        "451": restricted(),
        "403": blocked(),
        "redirect": Reply(302, b"", HTML, {"Location": _ELSEWHERE}),
        "text": Reply(200, b"The service is being maintained.", "text/plain"),
        "bomb": _bomb() if fault.kind == "bomb" else None,
    }.get(fault.kind)


def seconds_away(fault: Fault) -> int:
    """For how long a 429 says to stay away."""
    return _seconds(fault, _RETRY_S)


def spoil(fault: Fault, reply: Reply) -> Reply:
    """The same answer with a body that cannot be used, or is not true."""
    if fault.kind == "empty":
        return Reply(reply.status, b"", reply.content_type, reply.headers)
    if fault.kind in LIES:
        body = lied(fault.kind, reply.body) if reply.status == HTTPStatus.OK else reply.body
        return Reply(reply.status, body, reply.content_type, reply.headers)
    half = reply.body[: max(1, len(reply.body) // 2)]
    return Reply(reply.status, half + b"\x00\xff<oops>", reply.content_type, reply.headers)


def breaks_body(fault: Fault) -> bool:
    """Whether the real answer is needed first."""
    return fault.kind in _BODILY


def spoils(fault: Fault) -> bool:
    """Whether the answer comes whole, with another body."""
    return fault.kind in _SPOILT


async def hang(request: web.Request, fault: Fault) -> None:
    """Say nothing for long, then hang up."""
    await asyncio.sleep(fault.seconds if fault.seconds is not None else _FOR_EVER)
    if request.transport is not None:
        request.transport.abort()


def reset(request: web.Request) -> None:
    """End the connection by a TCP reset."""
    if request.transport is None:
        return
    raw = request.transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()


async def trickle(request: web.Request, response: web.Response, fault: Fault) -> None:
    """Send the answer byte by byte, its status line first; it takes longer than anybody waits."""
    body = bytes(response.body) if isinstance(response.body, bytes) else b""
    head = f"HTTP/1.1 {response.status} OK\r\nContent-Length: {len(body)}\r\n\r\n"
    for byte in head.encode() + body:
        if request.transport is None or request.transport.is_closing():
            return
        assert isinstance(request.transport, asyncio.Transport)  # noqa: S101  a socket
        request.transport.write(bytes([byte]))
        await asyncio.sleep(fault.seconds if fault.seconds is not None else 1.0)


async def cut_short(
    request: web.Request, response: web.Response, fault: Fault
) -> web.StreamResponse:
    """Promise the whole body, send half of it, then stop in the way of the fault."""
    body = bytes(response.body) if isinstance(response.body, bytes) else b""
    partial = web.StreamResponse(status=response.status, headers=response.headers)
    partial.content_length = max(len(body), 2)
    await partial.prepare(request)
    await partial.write(body[: len(body) // 2])
    if fault.kind == "hang-mid-body":
        await hang(request, fault)
    elif fault.kind == "reset-mid-body":
        await asyncio.sleep(0.02)
        reset(request)
    elif request.transport is not None:
        request.transport.close()
    return partial


@cache
def _bomb() -> Reply:
    """JSON's white space, packed in members: each is small to make, and together they are large."""
    member = gzip.compress(b" " * _MEMBER_BYTES, mtime=0)
    return Reply(200, member * _MEMBERS, headers={"Content-Encoding": "gzip"})


def _seconds(fault: Fault, default: float) -> int:
    return max(0, round(fault.seconds if fault.seconds is not None else default))
