"""Messages of streams that are well-formed, and not true; and frames that nobody expects."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final, Literal, get_args

from chandlery.sandbox.streams.frames import BINARY, PACKED_TEXT, WHOLE_TEXT, frame

StreamLie = Literal["foreign", "other-interval", "back", "upside-down", "nan"]
"""foreign: the candle says that it is of another symbol. other-interval: of another interval. back:
it is of ten candles ago. upside-down: the high is below the low. nan: the close is no number."""
OddFrame = Literal["binary", "giant", "packed"]
"""binary: bytes that are no text. giant: four megabytes. packed: a compressed bomb, which nobody
asked to be sent."""

STREAM_LIES: Final[tuple[StreamLie, ...]] = get_args(StreamLie)
ODD_FRAMES: Final[tuple[OddFrame, ...]] = get_args(OddFrame)
_GIANT: Final = 1 << 22
_BOMB: Final = 1 << 26

Payload = dict[str, Any]


def lied(kind: StreamLie, payload: Payload) -> Payload:
    """A candle's message with a lie in it; others as they are."""
    candle = payload.get("k")
    return payload if candle is None else {**payload, "k": {**candle, **_LIES[kind](candle)}}


def odd_frame(kind: OddFrame, payload: bytes) -> bytes:
    """The frame that comes in place of a message's own."""
    if kind == "binary":
        return frame(BINARY, bytes(range(256)) * 4)
    if kind == "giant":
        return frame(WHOLE_TEXT, payload + b" " * _GIANT)
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    return frame(PACKED_TEXT, packer.compress(b" " * _BOMB) + packer.flush(zlib.Z_SYNC_FLUSH))


def _back(candle: Payload) -> Payload:
    ago = 10 * (candle["T"] + 1 - candle["t"])
    return {"t": candle["t"] - ago, "T": candle["T"] - ago}


_LIES: Final[dict[StreamLie, Callable[[Payload], Payload]]] = {
    "foreign": lambda _: {"s": "OTHERUSDT"},
    "other-interval": lambda _: {"i": "1M"},
    "back": _back,
    "upside-down": lambda candle: {"h": candle["l"], "l": f"1{candle['h']}"},
    "nan": lambda _: {"c": "NaN"},
}
