"""Messages as bytes on the wire, made once for all connections that are sent them.

What a server sends is not masked, so the frame of a text is the same for everybody who did not
ask for compression; nobody is granted it here.
"""

from __future__ import annotations

from typing import Final

_WHOLE_TEXT: Final = 0x81
_SHORT: Final = 126
_LONGEST_16: Final = 65_535


def text_frame(payload: bytes) -> bytes:
    """One whole text message."""
    size = len(payload)
    if size < _SHORT:
        return bytes((_WHOLE_TEXT, size)) + payload
    if size <= _LONGEST_16:
        return bytes((_WHOLE_TEXT, 126)) + size.to_bytes(2, "big") + payload
    return bytes((_WHOLE_TEXT, 127)) + size.to_bytes(8, "big") + payload


def combined(stream: str, payload: bytes) -> bytes:
    """A message as a combined stream wraps it."""
    return b'{"stream":"' + stream.encode() + b'","data":' + payload + b"}"
