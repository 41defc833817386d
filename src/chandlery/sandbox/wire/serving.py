"""From HTTP to the services and back: faults, headers, and the log of requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from email.utils import formatdate
from typing import Protocol

from aiohttp import web
from multidict import MultiMapping

from chandlery.sandbox.reply import Reply
from chandlery.sandbox.wire import misbehave
from chandlery.sandbox.wire.control import Control, Controlled
from chandlery.sandbox.wire.faults import Fault
from chandlery.sandbox.wire.seen import Seen


class Service(Protocol):
    """Something that answers GET requests."""

    def reply(
        self, path: str, query: MultiMapping[str], headers: Mapping[str, str], skew_ms: int = 0
    ) -> Reply:
        """Answer one request."""


class Wire:
    """The HTTP side of one service."""

    def __init__(self, name: str, service: Service, box: Controlled) -> None:
        self.name = name
        self._service = service
        self._box = box
        self._control = Control(box)

    def app(self) -> web.Application:
        """The application to serve."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, or misbehave as planned."""
        if self._control.is_meant(request):
            return await self._control.handle(request)
        faults = self._box.faults.take(self.name, request.path)
        for fault in faults:
            if fault.kind == "latency":
                await asyncio.sleep(fault.seconds or 0.0)
        bad = next((each for each in faults if each.kind not in {"latency", "skew"}), None)
        skew_ms = sum(round((each.seconds or 0) * 1000) for each in faults if each.kind == "skew")
        if bad is None:
            return await self.good(request, skew_ms)
        return await self._misbehave(request, bad, skew_ms)

    async def good(self, request: web.Request, skew_ms: int) -> web.StreamResponse:
        """Answer as the real service does."""
        return self.note(request, await self._reply(request, skew_ms))

    async def _misbehave(
        self, request: web.Request, fault: Fault, skew_ms: int
    ) -> web.StreamResponse:
        instead = self.instead(fault)
        if instead is not None:
            return self.note(request, instead)
        if not misbehave.breaks_body(fault):
            self.note(request, Reply(0, b""))
            if fault.kind == "hang":
                await misbehave.hang(request, fault)
            else:
                misbehave.reset(request)
            return web.Response(status=500)
        reply = await self._reply(request, skew_ms)
        if request.method == "HEAD":  # There is no body to break.
            return self.note(request, reply)
        if misbehave.spoils(fault):
            return self.note(request, misbehave.spoil(fault, reply))
        if fault.kind == "trickle":
            await misbehave.trickle(request, self.note(request, reply), fault)
            misbehave.reset(request)
            return web.Response(status=500)
        return await misbehave.cut_short(request, self.note(request, reply), fault)

    async def answer(self, request: web.Request, skew_ms: int) -> Reply:
        """The good answer to a GET or HEAD request."""
        return self._service.reply(request.path, request.query, request.headers, skew_ms)

    def instead(self, fault: Fault) -> Reply | None:
        """The answer that a fault gives in place of the real one, if it is an answer."""
        return misbehave.instead(fault, self._box.clock.now_ms(), self._box.weight_limit)

    async def _reply(self, request: web.Request, skew_ms: int) -> Reply:
        if request.method not in {"GET", "HEAD"}:
            return Reply(405, b"")
        return await self.answer(request, skew_ms)

    def note(self, request: web.Request, reply: Reply) -> web.Response:
        """Enter the request in the log, and send the reply."""
        now_ms = self._box.clock.now_ms()
        self._box.requests.add(
            Seen(self.name, request.path, request.rel_url.raw_query_string, reply.status, now_ms)
        )
        # By the exchange's clock, as that of everything else that it says.
        date = formatdate(now_ms / 1000, usegmt=True)
        headers = {"Date": date, "Content-Type": reply.content_type, **reply.headers}
        return web.Response(status=reply.status or 500, body=reply.body, headers=headers)
