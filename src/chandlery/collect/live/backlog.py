"""Events that wait, oldest first: passing ones give way to their successors, others stay."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chandlery.collect.live.said import Passing, Said, forming


@dataclass(frozen=True, slots=True)
class Room:
    """How much may wait."""

    events: int
    bytes: int


MEMORY: Final = Room(4096, 2 << 20)
"""What a hub remembers for those who come back."""
QUEUE: Final = Room(512, 256 << 10)
"""What may wait for one reader, who is hopelessly behind after that."""


class Backlog:
    """Events in the order of their numbers. Not thread-safe."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._events: OrderedDict[Passing | int, Said] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Said]:
        return iter(self._events.values())

    @property
    def overfull(self) -> bool:
        """Whether more waits than there is room for."""
        return len(self._events) > self._room.events or self._bytes > self._room.bytes

    def add(self, said: Said) -> None:
        """Put an event at the end, and drop what it makes needless.

        A passing event does not take its predecessor's place: numbers must ascend, or whoever
        resumes from the last one that came would miss those in between.
        """
        if said.passing is not None:
            self._drop(said.passing)
        elif said.series is not None and said.open_ms is not None:
            self._close(forming(said.series), said.open_ms)
        self._events[said.passing or said.number] = said
        self._bytes += len(said.data)

    def pop(self) -> Said:
        """Take the oldest."""
        _, said = self._events.popitem(last=False)
        self._bytes -= len(said.data)
        return said

    def clear(self) -> None:
        """Drop all."""
        self._events.clear()
        self._bytes = 0

    def _close(self, key: Passing, open_ms: int) -> None:
        """A closed candle makes its own forming states needless."""
        pending = self._events.get(key)
        if pending is not None and (pending.open_ms or 0) <= open_ms:
            self._drop(key)

    def _drop(self, key: Passing) -> None:
        said = self._events.pop(key, None)
        if said is not None:
            self._bytes -= len(said.data)
