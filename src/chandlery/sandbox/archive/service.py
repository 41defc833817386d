"""The archive's host: files by their paths, the listing at the root and at the bucket's path."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Final

from multidict import MultiMapping

from chandlery.errors import Refused
from chandlery.sandbox.archive import s3
from chandlery.sandbox.archive.faults import ArchiveFaults
from chandlery.sandbox.archive.shelf import CHECKSUM, Published, Shelf
from chandlery.sandbox.archive.tree import Folder, Walk, tree
from chandlery.sandbox.clock import SandboxClock
from chandlery.sandbox.reply import Reply
from chandlery.sandbox.sources.source import Source

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")
_LONGEST_S: Final = 4.0
"""A page of the listing ends early after this: its files are made for it. S3 may do so as well."""
_TYPES: Final = {True: "binary/octet-stream", False: "application/zip"}


class ArchiveService:
    """The archive of one market. Safe to use from any thread, if the source is its own."""

    def __init__(self, source: Source, clock: SandboxClock, faults: ArchiveFaults) -> None:
        self._faults = faults
        self._shelf = Shelf(source, clock, faults)

    def close(self) -> None:
        """Let what is under way end early: nobody waits for it any more."""
        self._shelf.closing.set()

    def reply(
        self,
        path: str,
        query: MultiMapping[str],
        headers: Mapping[str, str],
        skew_ms: int = 0,
        *,
        body: bool = True,
    ) -> Reply:
        """Answer one request; without `body` (HEAD) only the headers are those of the file."""
        del skew_ms
        key = path.removeprefix("/").removeprefix(s3.BUCKET).removeprefix("/")
        if not key:
            return self._listing(query)
        file = self._shelf.find(key)
        if file is None:
            return s3.no_such_key(key)
        about = _about(file)
        if not body:
            return Reply(200, b"", about.pop("Content-Type"), about)
        return _part(self._body(file), headers.get("Range", ""), about)

    def _body(self, file: Published) -> bytes:
        body = file.body()
        if file.key.endswith(CHECKSUM) and self._faults.take_checksum(file.key):
            other = hashlib.sha256(body).hexdigest()
            return other.encode() + body[len(other) :]
        return body

    def _listing(self, query: MultiMapping[str]) -> Reply:
        try:
            asked = s3.read_question(query)
        except Refused as refused:
            return s3.error(400, "InvalidArgument", str(refused))
        shown: list[Published | Folder] = []
        walk = Walk(asked.prefix, asked.after, bool(asked.delimiter))
        more, until = False, time.monotonic() + _LONGEST_S
        for each in walk.through(tree(self._shelf)) if asked.most else ():
            found = each if isinstance(each, Folder) else self._shelf.find(each)
            if found is None:
                continue
            late = time.monotonic() > until
            more = len(shown) == asked.most or (late and bool(shown))
            if more:
                break
            shown.append(found)
        return s3.listing(asked, shown, more=more)


def _about(file: Published) -> dict[str, str]:
    return {
        "Content-Type": _TYPES[file.key.endswith(CHECKSUM)],
        "Content-Length": str(file.size),
        "ETag": f'"{file.md5}"',
        "Last-Modified": formatdate(file.modified_ms // 1000, usegmt=True),
        "Accept-Ranges": "bytes",
        "Server": "AmazonS3",
    }


def _part(body: bytes, wanted: str, about: dict[str, str]) -> Reply:
    """The whole file, or the one range asked for; what is no range is as if not said."""
    content_type, size = about.pop("Content-Type"), len(body)
    del about["Content-Length"]
    found = _RANGE.fullmatch(wanted)
    if found is None or found.groups() == ("", ""):
        return Reply(200, body, content_type, about)
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= stop:
        bad = s3.error(416, "InvalidRange", "The requested range is not satisfiable")
        return Reply(416, bad.body, bad.content_type, {"Content-Range": f"bytes */{size}"})
    about["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return Reply(206, body[start:stop], content_type, about)
