"""Lies by what can be known of them: those that no true answer has, and those that one could."""

from __future__ import annotations

from typing import Final

from chandlery.sandbox import FaultKind
from chandlery.sandbox.wire.lies import LIES

PLAUSIBLE: Final = ("lacking", "altered")
"""What a true answer could have said as well: only asking again shows that it did not."""
NAMELESS: Final = ("markup",)
"""Not told of candles."""
IMPOSSIBLE: Final = tuple(kind for kind in LIES if kind not in (*PLAUSIBLE, *NAMELESS))
"""What no true answer says of candles."""
BROKEN: Final[tuple[FaultKind, ...]] = (
    "5xx", "html", "empty", "truncated", "garbled", "reset", "reset-mid-body", "text", "redirect",
)  # fmt: skip
"""Ways in which an answer does not come, and that take no time."""
