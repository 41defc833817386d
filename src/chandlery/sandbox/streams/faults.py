"""What is planned to go wrong with streams; connections refused are ordinary faults."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from chandlery.errors import InputError
from chandlery.sandbox.streams.feed import Told
from chandlery.sandbox.streams.lies import ODD_FRAMES, STREAM_LIES, OddFrame, StreamLie, lied

StreamFaultKind = Literal[
    "drop",
    "shutdown",
    "silent",
    "late",
    "wrong",
    "no-close",
    "garbled",
    StreamLie,
    OddFrame,
]
"""drop: connections end without a word, once. shutdown: `serverShutdown` is sent, once, and
connections end `seconds` later (default 0.5). silent: nothing is sent any more, no pings either.
late: every message is sent `seconds` late. wrong: a candle's last message has another volume and
one trade more than REST has. no-close: a candle's last message is not sent. garbled: half a
message. The others are `lies`. Of `wrong` and all after it the next `times` messages are met."""

STREAM_KINDS: Final[tuple[str, ...]] = get_args(StreamFaultKind)
_LASTING: Final = {"silent", "late"}
_FOR_EVER: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class StreamFault:
    """One planned fault. Of real seconds, not the exchange's."""

    kind: StreamFaultKind
    stream: str = ""
    """Only streams whose name holds this text; connections that have such a one."""
    times: int = 1
    seconds: float | None = None


class StreamFaults:
    """The planned faults, in the order asked for. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: tuple[StreamFault, ...] = ()

    def add(
        self,
        kind: StreamFaultKind,
        stream: str = "",
        *,
        times: int = 1,
        seconds: float | None = None,
    ) -> None:
        """Plan one: `box.stream_faults.add("wrong", "btcusdt@kline_1m")`.

        `silent` and `late` last until `clear`. Raises `InputError` for what cannot be planned.
        """
        if kind not in STREAM_KINDS:
            known = ", ".join(STREAM_KINDS)
            raise InputError(f"'{kind}' is no fault of streams. Known: {known}.")
        if kind == "late" and not seconds:
            msg = "Say by how many `seconds` messages are to be late."
            raise InputError(msg)
        lasting = _FOR_EVER if kind in _LASTING else times
        with self._lock:
            self._planned = (*self._planned, StreamFault(kind, stream, lasting, seconds))

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._planned = ()

    def planned(self) -> tuple[StreamFault, ...]:
        """What is still to come, or lasts."""
        return self._planned

    def in_force(self, kind: StreamFaultKind, name: str) -> StreamFault | None:
        """The first of a kind that meets a stream, if one does."""
        met = (one for one in self._planned if one.kind == kind and one.stream in name)
        return next(met, None)

    def take(self, kind: StreamFaultKind, name: str) -> StreamFault | None:
        """The same, and one of its times is used up."""
        met = self.in_force(kind, name)
        if met is not None:
            self._use(met)
        return met

    def take_all(self, kind: StreamFaultKind) -> list[StreamFault]:
        """All of a kind, each used up."""
        taken = [one for one in self._planned if one.kind == kind]
        for one in taken:
            self._use(replace(one, times=1), one)
        return taken

    def spoilt(self, name: str, told: Told) -> Told | None:
        """The message as planned: as it is, another, or None when it is not to be sent."""
        if not self._planned:
            return told
        for kind in STREAM_LIES:
            if self.take(kind, name):
                told = Told(lied(kind, told.payload), told.closed)
        if not told.closed:
            return told
        if self.take("no-close", name):
            return None
        if self.take("wrong", name):
            candle = told.payload["k"]
            wrong = {**candle, "v": f"1{candle['v']}", "n": candle["n"] + 1, "L": candle["L"] + 1}
            return Told({**told.payload, "k": wrong}, closed=True)
        return told

    def odd_frame(self, name: str) -> OddFrame | None:
        """Of which odd kind the next frame of a stream is to be, if of any."""
        return next((kind for kind in ODD_FRAMES if self.take(kind, name)), None)

    def _use(self, fault: StreamFault, planned: StreamFault | None = None) -> None:
        if fault.times == _FOR_EVER:
            return
        old = planned or fault
        left = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
        with self._lock:
            self._planned = tuple(
                new for one in self._planned for new in (left if one is old else [one])
            )
