"""A program that reads Parquet and Feather for another one, which outlives what ends it.

It is run as a file, so that it starts with no more than polars. On its input it gets files, each
behind its length; for each it answers with parts of the frame, as Arrow files, and an end, or with
what is wrong.
"""

from __future__ import annotations

import io
import struct
import sys
from typing import BinaryIO, Final

import polars as pl

LENGTH: Final = struct.Struct("<Q")
PART: Final = struct.Struct("<cQ")
"""The kind of a part of an answer, and its length in bytes."""
READY: Final = b"r"
FRAME: Final = b"f"
END: Final = b"e"
WRONG: Final = b"w"
PARQUET_MAGIC: Final = b"PAR1"
_ROWS_A_PART: Final = 65_536


def _answer(data: bytes, out: BinaryIO) -> None:
    read = pl.read_parquet if data.startswith(PARQUET_MAGIC) else pl.read_ipc
    try:
        frame = read(io.BytesIO(data))
        for part in list(frame.iter_slices(_ROWS_A_PART)) or [frame]:
            written = io.BytesIO()
            part.write_ipc(written)
            _say(out, FRAME, written.getvalue())
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001  all is told
        why = (str(error).splitlines() or ["damaged"])[0]
        _say(out, WRONG, why.encode(errors="replace"))
    else:
        _say(out, END)


def _say(out: BinaryIO, kind: bytes, data: bytes = b"") -> None:
    out.write(PART.pack(kind, len(data)))
    out.write(data)
    out.flush()


def main() -> None:
    """Answer until the input ends."""
    given, out = sys.stdin.buffer, sys.stdout.buffer
    _say(out, READY)
    while len(head := given.read(LENGTH.size)) == LENGTH.size:
        [length] = LENGTH.unpack(head)
        _answer(given.read(length), out)


if __name__ == "__main__":
    main()
