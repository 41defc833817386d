"""The HTTP side of the archive: in threads, because making a file may take long."""

from __future__ import annotations

import asyncio

from aiohttp import web

from chandlery.sandbox.archive import s3
from chandlery.sandbox.archive.service import ArchiveService
from chandlery.sandbox.reply import Reply
from chandlery.sandbox.wire import misbehave
from chandlery.sandbox.wire.control import Controlled
from chandlery.sandbox.wire.faults import Fault
from chandlery.sandbox.wire.serving import Wire


class ArchiveWire(Wire):
    """Answers for the archive."""

    def __init__(self, name: str, archive: ArchiveService, box: Controlled) -> None:
        super().__init__(name, archive, box)
        self._archive = archive

    async def answer(self, request: web.Request, skew_ms: int) -> Reply:
        """Answer a request, beside all others."""
        asked = (request.path, request.query, request.headers, skew_ms)
        return await asyncio.to_thread(self._archive.reply, *asked, body=request.method == "GET")

    def instead(self, fault: Fault) -> Reply | None:
        """The answer that a fault gives in place of the real one."""
        usual = super().instead(fault)
        if fault.kind == "5xx":
            return s3.slow_down()
        if fault.kind == "429":
            return s3.too_many(misbehave.seconds_away(fault))
        return usual
