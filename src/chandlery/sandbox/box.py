"""The sandbox exchange as a whole: one thread that serves, and handles to steer it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, Self

from chandlery.candles.interval import Interval
from chandlery.errors import InputError
from chandlery.sandbox.archive.faults import ArchiveFault, ArchiveFaultKind, ArchiveFaults
from chandlery.sandbox.archive.service import ArchiveService
from chandlery.sandbox.binance.server import Binance
from chandlery.sandbox.clock import SandboxClock
from chandlery.sandbox.coingecko.service import CoinGeckoService
from chandlery.sandbox.options import SandboxOptions
from chandlery.sandbox.sources.many import ManySymbols
from chandlery.sandbox.sources.recorded import RecordedSource, load_recorded
from chandlery.sandbox.sources.source import Source
from chandlery.sandbox.sources.synthetic import SyntheticSource
from chandlery.sandbox.streams.faults import StreamFaults
from chandlery.sandbox.streams.pulse import Pulse
from chandlery.sandbox.streams.serving import Attempts, StreamWire
from chandlery.sandbox.wire.archive_serving import ArchiveWire
from chandlery.sandbox.wire.faults import Faults
from chandlery.sandbox.wire.listeners import Listeners
from chandlery.sandbox.wire.seen import RequestsSeen
from chandlery.sandbox.wire.serving import Wire


class Sandbox:
    """A Binance with streams and archive, and a CoinGecko, on loopback, while the `with` lasts.

    Takes the fields of `SandboxOptions` as keywords, or the options themselves:

        with Sandbox(seed=1, now_ms=1_763_000_000_000) as box:
            box.binance_url     # http://127.0.0.1:40001, the exchange's paths are /api/v3/...
            box.coingecko_url   # http://127.0.0.1:40002/api/v3
            box.archive_url     # http://127.0.0.1:40003, files are below /data/
            box.stream_url      # ws://127.0.0.1:40004, streams are at /ws/... and /stream
            box.clock.advance(3600)
            box.faults.next("5xx", times=3, path="klines")
            box.spoil_archive("cut", "BTCUSDT-1h-2024-07")
            box.stream_faults.add("wrong", "btcusdt@kline_1m")
            box.requests.count("klines")

    The addresses are known from `start` on. Raises `InputError` for options that cannot be,
    `BadFile` for recordings that cannot be read, and on starting `PortInUse`.
    """

    def __init__(self, options: SandboxOptions | None = None, **fields: Any) -> None:  # noqa: ANN401
        self.options = options if options is not None else SandboxOptions(**fields)
        synthetic = SyntheticSource(self.options.seed)
        recorded = load_recorded(self.options)
        self.clock = _clock(self.options, recorded)
        self.faults = Faults()
        self.requests = RequestsSeen()
        self.archive_faults = ArchiveFaults()
        self._source: Source = recorded or _invented(synthetic, self.options)
        self._binance = Binance(self._source, self.clock, self.options.weight_limit)
        self._coingecko = CoinGeckoService(synthetic, self.clock, self.options)
        # The archive works in threads of its own, so it has the same market once more.
        twin = SyntheticSource(self.options.seed, synthetic.revisions)
        shelved: Source = recorded or _invented(twin, self.options)
        self._archive = ArchiveService(shelved, self.clock, self.archive_faults)
        self.stream_faults = StreamFaults()
        self._pulse = Pulse(
            self._source,
            self.clock,
            self.stream_faults,
            every_ms=self.options.stream_every_ms,
            ping_s=self.options.stream_ping_s,
        )
        self._attempts = Attempts()
        self._listeners = Listeners(self.options.host)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._vanishing: set[asyncio.Task[None]] = set()

    @property
    def binance_url(self) -> str:
        """The exchange's address, without a path."""
        return self._url("binance")

    @property
    def coingecko_url(self) -> str:
        """CoinGecko's base address, which ends in /api/v3."""
        return f"{self._url('coingecko')}/api/v3"

    @property
    def archive_url(self) -> str:
        """The archive's address, without a path."""
        return self._url("archive")

    @property
    def stream_url(self) -> str:
        """The address of the streams, without a path."""
        return self._url("stream").replace("http:", "ws:")

    @property
    def addresses(self) -> dict[str, str]:
        """All, by the names of the settings that take them."""
        return {
            "CHANDLERY_BINANCE_URL": self.binance_url,
            "CHANDLERY_BINANCE_UM_URL": self.binance_url,
            "CHANDLERY_BINANCE_ARCHIVE_URL": self.archive_url,
            "CHANDLERY_BINANCE_STREAM_URL": self.stream_url,
            "CHANDLERY_BINANCE_UM_STREAM_URL": self.stream_url,
            "CHANDLERY_COINGECKO_URL": self.coingecko_url,
        }

    @property
    def weight_limit(self) -> int:
        """Request weight that one minute allows."""
        return self.options.weight_limit

    @property
    def weight_used(self) -> int:
        """Request weight used in the current minute of the exchange's clock."""
        return self._binance.weights.used

    def forgive(self) -> None:
        """Lift a ban and set the used weight to nothing."""
        self._binance.forgive()

    def revise(self, symbol: str, interval: str, open_ms: int) -> None:
        """Change a closed candle: one more trade at the close, as if found later.

        Files of the archive that are published by now stay as they are.
        """
        self._source.revise(symbol, Interval.parse(interval), open_ms, self.clock.now_ms())

    def spoil_archive(self, kind: ArchiveFaultKind, path: str = "", times: int = -1) -> None:
        """Let every file of the archive whose path holds `path` meet a fault.

        It lasts until `archive_faults.clear()`; a `checksum` may be for so many downloads. Raises
        `InputError` for what cannot be planned.
        """
        known = len(self._source.revisions)
        self.archive_faults.add(ArchiveFault(kind, path, times, self.clock.now_ms(), known))

    @contextmanager
    def unreachable(self, service: str = "") -> Iterator[None]:
        """Within the block connections are refused, and open ones are dropped.

        Of one service (`binance`, `coingecko`, `archive`, `stream`), or of all. Raises
        `InputError` for another name.
        """
        names = _names(service)
        self._call(self._listeners.close(names))
        try:
            yield
        finally:
            self._call(self._open(names))

    async def vanish(self, seconds: float, service: str = "") -> None:
        """The same for so many seconds, for the control paths."""
        names = _names(service)
        task = asyncio.get_running_loop().create_task(self._vanish(seconds, names))
        self._vanishing.add(task)
        task.add_done_callback(self._vanishing.discard)

    def start(self) -> Self:
        """Serve until `stop`. Raises `PortInUse`."""
        self._listeners.reserve(self.options.port, _SERVICES)
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_run, args=(loop,), name="sandbox", daemon=True)
        self._thread.start()
        self._call(self._open(_SERVICES))
        return self

    def stop(self) -> None:
        """Stop serving and free the ports."""
        if self._loop is not None and self._thread is not None:
            self._call(self._listeners.close(_SERVICES))
            self._archive.close()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
        self._loop = self._thread = None
        self._listeners.release()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        if self._loop is None:
            work.close()
            msg = "The sandbox is not running; use it in a `with` block."
            raise RuntimeError(msg)
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self, names: Sequence[str]) -> None:
        wires = {
            "binance": Wire("binance", self._binance, self),
            "coingecko": Wire("coingecko", self._coingecko, self),
            "archive": ArchiveWire("archive", self._archive, self),
            "stream": StreamWire(
                "stream", self._pulse, self._attempts, self, self.options.stream_most
            ),
        }
        await self._listeners.open({name: wires[name].app() for name in names})

    async def _vanish(self, seconds: float, names: Sequence[str]) -> None:
        await asyncio.sleep(0.05)
        await self._listeners.close(names)
        await asyncio.sleep(seconds)
        await self._open(names)

    def _url(self, name: str) -> str:
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        return f"http://{host}:{self._listeners.port(name)}"


_SERVICES: Final = ("binance", "coingecko", "archive", "stream")
"""In the order of their ports."""
_NEVER: Final = threading.Event()
_SIGNALS_EVERY_S: Final = 0.25


def serve(options: SandboxOptions, ready: Callable[[Sandbox], None]) -> None:
    """Serve until Ctrl-C; `ready` is called once, when all addresses answer.

    Raises as `Sandbox` does.
    """
    with Sandbox(options) as box, suppress(KeyboardInterrupt):
        ready(box)
        # In short waits: polars takes SIGINT over, after which Ctrl-C does not end a long one.
        while not _NEVER.wait(_SIGNALS_EVERY_S):
            pass


def _invented(market: SyntheticSource, options: SandboxOptions) -> Source:
    return ManySymbols(market, options.more_symbols) if options.more_symbols else market


def _names(service: str) -> Sequence[str]:
    if not service:
        return _SERVICES
    if service not in _SERVICES:
        raise InputError(f"'{service}' is no service. Known: {', '.join(_SERVICES)}.")
    return (service,)


def _clock(options: SandboxOptions, recorded: RecordedSource | None) -> SandboxClock:
    if recorded is None:
        return SandboxClock(options.now_ms, options.speed)
    now_ms = recorded.default_now_ms if options.now_ms is None else options.now_ms
    return SandboxClock(now_ms, options.speed)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.run_until_complete(_cancel_all(loop))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())


async def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
