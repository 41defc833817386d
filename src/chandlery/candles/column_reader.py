"""Parquet and Feather files of anybody, read in a process of its own, which they may end.

The reader of polars gives up its whole process where a damaged file claims more memory than there
is: no error can be caught then. What dies here is the process beside, and the file is refused.
"""

from __future__ import annotations

import atexit
import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Final

import polars as pl

from chandlery.candles import column_child as child
from chandlery.errors import BadFile

_DIED: Final = (
    "is damaged: the process that read it ended over it. Nothing of it is taken. Take another copy."
)


_ENDED: Final = (BrokenPipeError, EOFError)


class ColumnReader:
    """Reads files one after the other; its process starts with the first and ends with ours."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        """Whose child it is: after a fork the other process goes on with it."""
        atexit.register(self.close)

    def read(self, data: bytes, *, name: str) -> pl.DataFrame:
        """The columns of the file, as they are. Raises `BadFile`, also where it ends the reader."""
        with self._lock:
            try:
                try:
                    return self._asked(data, name)
                except _ENDED:
                    self.close()  # perhaps not over this file: the system may have ended it before
                    return self._asked(data, name)
            except BadFile:
                raise  # the process is as before
            except _ENDED as error:
                self.close()
                raise BadFile(name, _DIED) from error
            except BaseException:
                self.close()  # what it says next would be the answer to a question that is over
                raise

    def _asked(self, data: bytes, name: str) -> pl.DataFrame:
        process = self._running(name)
        given, told = _pipes(process)
        given.write(child.LENGTH.pack(len(data)))
        given.write(data)
        given.flush()
        parts: list[pl.DataFrame] = []
        while True:
            kind, answer = _next_part(told)
            if kind == child.WRONG:
                why = f"is no candle file that Chandlery can read: {answer.decode()}"
                raise BadFile(name, why)
            if kind == child.END:
                return pl.concat(parts, rechunk=False)
            parts.append(pl.read_ipc(io.BytesIO(answer)))

    def _running(self, name: str) -> subprocess.Popen[bytes]:
        process = self._process
        if process is None or self._owner != os.getpid() or process.poll() is not None:
            self.close()
            # -P: a file of the folder that it is started in is no module of polars.
            command = [sys.executable, "-P", str(Path(child.__file__))]
            self._process = process = subprocess.Popen(  # noqa: S603  our own, and our own file
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C at a terminal is ours to hear
            )
            self._owner = os.getpid()
            try:
                _next_part(_pipes(process)[1])
            except EOFError as error:
                self.close()
                why = f"could not be read: `{' '.join(command)}` does not start; run it to see why."
                raise BadFile(name, why) from error
        return process

    def close(self) -> None:
        """End the process; the next file starts another one."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.communicate()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None  # noqa: S101  it was asked for
    assert process.stdout is not None  # noqa: S101  same
    return process.stdin, process.stdout


def _next_part(told: IO[bytes]) -> tuple[bytes, bytes]:
    """Raises `EOFError` where the process has ended instead."""
    head = told.read(child.PART.size)
    if len(head) < child.PART.size:
        raise EOFError
    kind, length = child.PART.unpack(head)
    answer = told.read(length)
    if len(answer) < length:
        raise EOFError
    return kind, answer
