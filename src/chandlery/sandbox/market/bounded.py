"""A cache that remembers what was used last, up to a given size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Bounded(Generic[Key, Value]):
    """Values made on demand; the least recently used go when their sizes exceed `limit`."""

    def __init__(self, limit: int, size: Callable[[Value], int]) -> None:
        self._limit = limit
        self._size = size
        self._held: OrderedDict[Key, Value] = OrderedDict()
        self.total = 0

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of `key`, made now if it is not held."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        value = make()
        self._held[key] = value
        self.total += self._size(value)
        while self.total > self._limit and len(self._held) > 1:
            self.total -= self._size(self._held.popitem(last=False)[1])
        return value

    def held(self, key: Key) -> Value | None:
        """The value of `key` if it is held."""
        return self._held.get(key)

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
        self.total = 0
