"""A folder as Celery's broker: for one machine, without any service."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import virtual
from kombu.utils.json import dumps, loads


class FolderChannel(virtual.Channel):
    """Messages as files, which appear whole and which one process alone can take.

    There are no broadcasts: a worker that was killed would leave a queue in which they pile up.
    """

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # noqa: ANN401  any JSON
        path = self._folder / f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        draft = path.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(dumps(message), encoding="utf-8")
        draft.rename(path)

    def _get(self, queue: str) -> Any:  # noqa: ANN401  any JSON
        for path in sorted(self._messages(queue)):
            taken = path.with_suffix(".taken")
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue  # somebody else was quicker
            text = taken.read_text(encoding="utf-8")
            taken.unlink()
            return loads(text)
        raise Empty

    def _size(self, queue: str) -> int:
        return sum(1 for _ in self._messages(queue))

    def _purge(self, queue: str) -> int:
        count = 0
        for path in self._messages(queue):
            path.unlink(missing_ok=True)
            count += 1
        return count

    def _messages(self, queue: str) -> Iterator[Path]:
        ending = f"{queue}.msg"
        return (path for path in self._folder.iterdir() if path.name.partition(".")[2] == ending)

    @property
    def _folder(self) -> Path:
        return Path(self.connection.client.transport_options["folder"])


class FolderTransport(virtual.Transport):
    """What a broker URL that begins with `filesystem://` means here."""

    Channel = FolderChannel
    can_parse_url = True
    polling_interval = 0.25
    driver_type = driver_name = "filesystem"
    _state = virtual.BrokerState()

    def __init__(self, client: Any, **options: Any) -> None:  # noqa: ANN401  as Kombu calls it
        super().__init__(client, **options)
        self.state = self._state

    def as_uri(self, uri: str, include_password: bool = False, mask: str = "") -> str:  # noqa: ARG002, FBT001, FBT002  as Kombu calls it
        """The folder, for people."""
        return f"filesystem://{self.client.transport_options['folder']}"
