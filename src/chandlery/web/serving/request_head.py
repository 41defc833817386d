"""The head of a request by the strict reading: what two servers could read differently is refused.

Where a proxy stands in front, each byte must belong to one request for both of them; else what one
takes for a body is the next request for the other. The rules are those of RFC 9112, sections 5
and 6, without what it leaves to the lenient.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LONGEST_HEAD: Final = 32 << 10
"""Bytes of a request's line and headers together."""
LONGEST_BODY: Final = 64 << 10
"""Bytes of a body, in chunks or not; the application is content with less."""

_FIELD: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_ONCE: Final = {
    b"Authorization",
    b"Content-Length",
    b"Content-Type",
    b"Host",
    b"Origin",
    b"Transfer-Encoding",
}
_CRLF: Final = b"\r\n"


def fields_of(lines: Iterable[bytes]) -> dict[bytes, bytes]:
    """The headers by their names in title case; `lines` end where the head does.

    Raises `ValueError` with what is wrong, in words.
    """
    fields: dict[bytes, bytes] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            msg = "A header is no 'Name: text' on one line of its own."
            raise ValueError(msg)
        name, text = found[1].title(), found[2].rstrip(b" \t")
        if b"_" in name:
            continue  # applications could not tell it from the name with a hyphen
        if name in fields and name in _ONCE:
            raise ValueError(f"There are two headers {name.decode()}.")
        joint = b"; " if name == b"Cookie" else b", "
        fields[name] = fields[name] + joint + text if name in fields else text
    if b"Content-Length" in fields and b"Transfer-Encoding" in fields:
        msg = "A body has either Content-Length or Transfer-Encoding."
        raise ValueError(msg)
    if not _LENGTH.fullmatch(fields.get(b"Content-Length", b"0")):
        msg = "Content-Length is no number of bytes."
        raise ValueError(msg)
    return fields


def is_whole(data: bytearray) -> bool:
    """Whether a whole request has come, or so much that what comes yet cannot mend it."""
    end = data.find(_CRLF + _CRLF)
    if end < 0:
        return len(data) > LONGEST_HEAD or re.search(rb"(?<!\r)\n", data) is not None
    try:
        fields = fields_of(bytes(data[:end]).lstrip(_CRLF).split(_CRLF)[1:])
    except ValueError:
        return True
    rest = end + 2 * len(_CRLF)
    if b"Transfer-Encoding" in fields:
        chunked = fields[b"Transfer-Encoding"].lower() == b"chunked"
        return not chunked or _is_end_of_chunks(data, rest)
    length = int(fields.get(b"Content-Length", b"0"))
    return length > LONGEST_BODY or len(data) >= rest + length


def _is_end_of_chunks(data: bytearray, at: int) -> bool:
    """Whether the last chunk has come, or one that is none, or too many."""
    start = at
    while at - start <= LONGEST_BODY:
        found = _CHUNK.match(data, at)
        if found is None:
            return len(data) - at > len("ffffffff;\r\n") or _CRLF in data[at:]
        length = int(found[1], 16)
        if length == 0:
            return True
        at = found.end() + length + len(_CRLF)
        if at > len(data):
            return length > LONGEST_BODY
    return True
