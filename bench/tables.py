"""Tables of figures, printed as Markdown that reads well in a terminal too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """Figures under one title; `notes` say what a reader has to know of them."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.heads, *self.rows, strict=True)]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        lines = [_line(cells, widths) for cells in (self.heads, rule, *self.rows)]
        notes = [f"- {note}" for note in self.notes]
        return "\n".join([f"## {self.title}", "", *lines, *([""] if notes else []), *notes])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
    return f"| {' | '.join(padded)} |"


def seconds(values: Sequence[float]) -> str:
    """The median, and between which values it lies."""
    middle = f"{median(values):.3f} s"
    return middle if len(values) == 1 else f"{middle} ({min(values):.3f}-{max(values):.3f})"


def times(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How many times as long ours took: the median of the rounds, each compared with its own."""
    return float(median(mine / other for mine, other in zip(ours, theirs, strict=True)))


def verdict(*, met: bool) -> str:
    """Whether a figure is what was aimed at, in a word."""
    return "met" if met else "missed"
