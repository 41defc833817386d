"""Messages as bytes on the wire, made once for all connections that are sent them.

What a server sends is not masked, so the frame of a text is the same for everybody who did not
ask for compression; nobody is granted it here.
"""

from __future__ import annotations

from typing import Final

WHOLE_TEXT: Final = 0x81
BINARY: Final = 0x82
PACKED_TEXT: Final = 0xC1
"""Compressed, which only those may be sent who asked for it."""
_SHORT: Final = 126
_LONGEST_16: Final = 65_535


def text_frame(payload: bytes) -> bytes:
    """One whole text message."""
    return frame(WHOLE_TEXT, payload)


def frame(first: int, payload: bytes) -> bytes:
    """One whole message; `first` is the byte that says of which kind."""
    size = len(payload)
    if size < _SHORT:
        return bytes((first, size)) + payload
    if size <= _LONGEST_16:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def combined(stream: str, payload: bytes) -> bytes:
    """A message as a combined stream wraps it."""
    return b'{"stream":"' + stream.encode() + b'","data":' + payload + b"}"
