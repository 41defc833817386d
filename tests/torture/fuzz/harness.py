"""What a harness is, and when an input has found a defect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from chandlery.errors import ChandleryError

MILLION: Final = 1_000_000

Feed = Callable[[bytes], object]


@dataclass(frozen=True)
class Harness:
    """One parser, or a few that read the same kind of text."""

    name: str
    feed: Feed
    """Reads one input. What is raised by it must stand in the tree of errors."""
    corpus: tuple[bytes, ...]
    """Inputs to begin with, good and bad."""
    most_bytes: int = 4_096
    words: tuple[bytes, ...] = ()
    """Pieces that matter to this parser, beside those that matter to all."""
    runs: int = MILLION
    """Inputs of the full form."""
    short: int = 250
    """Changed inputs of the short form."""


class Panic(Exception):
    """A library in Rust gave up; a program that is served must not."""


def accepts(harness: Harness, data: bytes) -> bool:
    """Feed one input: whether it was taken, or else refused as planned.

    Anything else that is raised is a defect and goes through.
    """
    try:
        harness.feed(data)
    except ChandleryError as error:
        str(error).encode(errors="surrogateescape")
        return False
    except pl.exceptions.PanicException as error:
        raise Panic(str(error)) from error
    return True
