"""The streams of all exchanges as one: opened when first needed, at the settings' addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.errors import InputError
from chandlery.exchanges.stream import CandleStream, StreamCandle, StreamState
from chandlery.exchanges.streams import OFF, goes_with, open_stream, stream_setting
from chandlery.settings import Settings


class Streaming:
    """Follows series on the streams of their exchanges, where there are such."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        heard: Callable[[StreamCandle], None],
        changed: Callable[[Collection[Series], StreamState], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._heard = heard
        self._changed = changed
        self._streams: dict[str, CandleStream | None] = {}
        self._missing: dict[str, str] = {}

    def follow(self, series: Collection[Series]) -> set[Series]:
        """Follow exactly these; those that are streamed."""
        by_exchange: dict[str, set[Series]] = defaultdict(set)
        for one in series:
            by_exchange[one.exchange].add(one)
        streamed: set[Series] = set()
        for name in by_exchange.keys() | self._streams.keys():
            stream = self._stream(name)
            if stream is not None:
                wanted = {one for one in by_exchange[name] if _can_be(stream, one)}
                stream.follow(wanted)
                streamed |= wanted
        return streamed

    def missing(self, exchange: str) -> str | None:
        """Why there is no stream of an exchange; None when there is one."""
        return self._missing.get(exchange)

    def close(self) -> None:
        """End all connections."""
        for stream in self._streams.values():
            if stream is not None:
                stream.close()

    def _stream(self, name: str) -> CandleStream | None:
        if name not in self._streams:
            urls = self._urls(name)
            self._streams[name] = open_stream(
                name, urls=urls, clock=self._clock, heard=self._heard, changed=self._changed
            )
        return self._streams[name]

    def _urls(self, name: str) -> tuple[str, ...]:
        """The addresses; none where an exchange at another address streams who knows where."""
        setting = stream_setting(name)
        urls: tuple[str, ...] = getattr(self._settings, setting, ())
        rest: tuple[str, ...] = getattr(self._settings, f"{name.replace('-', '_')}_url", ())
        variable = f"CHANDLERY_{setting.upper()}"
        if not setting:
            self._missing[name] = f"{name} has no stream of candles."
        elif urls == (OFF,):
            self._missing[name] = f"Streams are switched off ({variable}=none)."
        elif not urls and not goes_with(name, rest):
            self._missing[name] = (
                f"{rest[0]} is not {name}'s own address; set {variable} to the one of its streams."
            )
            return (OFF,)
        return urls


def _can_be(stream: CandleStream, series: Series) -> bool:
    try:
        stream.state(series)
    except InputError:
        return False
    return True
