"""How each fault looks on the wire."""

from __future__ import annotations

import asyncio
import socket
import struct
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

_FOR_EVER: Final = 86_400.0
_RETRY_S: Final = 5.0
_BAN_S: Final = 120.0
_BODILY: Final = {"truncated", "reset-mid-body", "hang-mid-body", "garbled", "empty"}


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
    }.get(fault.kind)


def seconds_away(fault: Fault) -> int:
    """For how long a 429 says to stay away."""
    return _seconds(fault, _RETRY_S)


def spoil(fault: Fault, reply: Reply) -> Reply:
    """The same answer with a body that cannot be used."""
    if fault.kind == "empty":
        return Reply(reply.status, b"", reply.content_type, reply.headers)
    half = reply.body[: max(1, len(reply.body) // 2)]
    return Reply(reply.status, half + b"\x00\xff<oops>", reply.content_type, reply.headers)


def breaks_body(fault: Fault) -> bool:
    """Whether the real answer is needed first."""
    return fault.kind in _BODILY


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


def _seconds(fault: Fault, default: float) -> int:
    return max(0, round(fault.seconds if fault.seconds is not None else default))
