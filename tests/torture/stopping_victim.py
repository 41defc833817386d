"""The command line, told to end in the middle of the nth thing that its main thread does.

`python stopping_victim.py N FILE WORDS…` runs `chandlery WORDS…`. Calls and returns
count from when the program heeds signals; in the end the file holds how many there were.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Final

from chandlery.cli import stopping
from chandlery.cli.main import main

HEEDS: Final = stopping.until_stopped.__wrapped__.__code__  # type: ignore[attr-defined]


class Bell:
    """A profiler that sends the signal."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = -1

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Count, once the program heeds signals."""
        if self.count < 0:
            # A generator returns when its block begins: by then the handlers are set.
            self.count += frame.f_code is HEEDS and event == "return"
            return
        self.count += 1
        if self.count == self.at:
            signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    number, file, *words = sys.argv[1:]
    bell = Bell(int(number))
    sys.argv = ["chandlery", *words]
    sys.setprofile(bell)
    try:
        main()
    finally:
        sys.setprofile(None)
        Path(file).write_text(str(bell.count))
