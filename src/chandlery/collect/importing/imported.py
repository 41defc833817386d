"""What became of a file's candles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from chandlery.candles.series import Series
from chandlery.clock import ms_to_text
from chandlery.store import Kept

Reason = Literal["unfinished", "conflict", "contradicted", "poorer"]

WORDS: Final[dict[Reason, str]] = {
    "unfinished": (
        "may have been unfinished when the file was written; a collection brings it, and --closed "
        "keeps it when you know that the file holds closed candles only"
    ),
    "conflict": (
        "stands in the file more than once, with different values, and nothing says which counts"
    ),
    "contradicted": "is not what the exchange itself has given for its time",
    "poorer": "differs from the candle that is kept, which has columns that the file lacks",
}
"""Why a candle is left out, as the end of a sentence about it."""

_WRONG: Final[frozenset[Reason]] = frozenset({"conflict", "contradicted", "poorer"})


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says of a file, because the file does not say it for sure."""

    series: Series | None = None
    """What it holds; None when its name tells."""
    exchange: str | None = None
    """Whose it is, where its name tells symbol and interval only."""
    closed: bool = False
    """That all its candles were closed when it was written, the last one too."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One candle that was not kept."""

    open_ms: int
    reason: Reason
    lines: tuple[int, ...] = ()
    """Where in the file, from 1, when the place matters."""

    def to_dict(self) -> dict[str, object]:
        """For programs."""
        return {
            "open_ms": self.open_ms,
            "open": ms_to_text(self.open_ms),
            "reason": self.reason,
            "why": WORDS[self.reason],
            "lines": list(self.lines),
        }


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file."""

    file: str
    series: Series
    rows: int
    kept: Kept
    duplicates: int = 0
    """Rows beyond the first of each open time."""
    left_out: tuple[LeftOut, ...] = ()
    """Ascending by open time."""
    notes: tuple[str, ...] = ()
    """What a person should know of how the file was read, in whole sentences."""

    def count(self, reason: Reason) -> int:
        """How many candles were left out for that reason."""
        return sum(one.reason == reason for one in self.left_out)

    @property
    def contradicted(self) -> int:
        """Candles left out because the exchange itself has answered otherwise for their time."""
        return self.count("contradicted")

    @property
    def ok(self) -> bool:
        """Whether something of the file is kept now, and nothing contradicts anything."""
        kept = self.kept
        something = kept.new + kept.unchanged + kept.revised + kept.forming > 0
        return something and not any(one.reason in _WRONG for one in self.left_out)

    def to_dict(self) -> dict[str, object]:
        """For programs."""
        return {
            "file": self.file,
            "series": str(self.series),
            "rows": self.rows,
            "new": self.kept.new,
            "unchanged": self.kept.unchanged,
            "revised": self.kept.revised,
            "forming": self.kept.forming,
            "duplicates": self.duplicates,
            "left_out": [one.to_dict() for one in self.left_out],
            "notes": list(self.notes),
            "error": None,
        }
