"""The sandbox exchange as a whole: one thread that serves, and handles to steer it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Self

from chandlery.candles.interval import Interval
from chandlery.sandbox.binance.spot import Spot
from chandlery.sandbox.clock import SandboxClock
from chandlery.sandbox.coingecko.service import CoinGeckoService
from chandlery.sandbox.options import SandboxOptions
from chandlery.sandbox.sources.many import ManySymbols
from chandlery.sandbox.sources.recorded import RecordedSource, load_recorded
from chandlery.sandbox.sources.source import Source
from chandlery.sandbox.sources.synthetic import SyntheticSource
from chandlery.sandbox.wire.faults import Faults
from chandlery.sandbox.wire.listeners import Listeners
from chandlery.sandbox.wire.seen import RequestsSeen
from chandlery.sandbox.wire.serving import Wire


class Sandbox:
    """A Binance and a CoinGecko on loopback, for as long as the `with` block lasts.

    Takes the fields of `SandboxOptions` as keywords, or the options themselves:

        with Sandbox(seed=1, now_ms=1_763_000_000_000) as box:
            box.binance_url     # http://127.0.0.1:40001, the exchange's paths are /api/v3/...
            box.coingecko_url   # http://127.0.0.1:40002/api/v3
            box.clock.advance(3600)
            box.faults.next("5xx", times=3, path="klines")
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
        more = self.options.more_symbols
        self._source: Source = recorded or (ManySymbols(synthetic, more) if more else synthetic)
        self._spot = Spot(self._source, self.clock, self.options.weight_limit)
        self._coingecko = CoinGeckoService(synthetic, self.clock, self.options)
        self._listeners = Listeners(self.options.host)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._vanishing: set[asyncio.Task[None]] = set()

    @property
    def binance_url(self) -> str:
        """The exchange's address, without a path."""
        return self._url(0)

    @property
    def coingecko_url(self) -> str:
        """CoinGecko's base address, which ends in /api/v3."""
        return f"{self._url(1)}/api/v3"

    @property
    def addresses(self) -> dict[str, str]:
        """Both, by the names of the settings that take them."""
        return {
            "CHANDLERY_BINANCE_URL": self.binance_url,
            "CHANDLERY_COINGECKO_URL": self.coingecko_url,
        }

    @property
    def weight_limit(self) -> int:
        """Request weight that one minute allows."""
        return self.options.weight_limit

    @property
    def weight_used(self) -> int:
        """Request weight used in the current minute of the exchange's clock."""
        return self._spot.weights.used

    def forgive(self) -> None:
        """Lift a ban and set the used weight to nothing."""
        self._spot.weights.forgive()

    def revise(self, symbol: str, interval: str, open_ms: int) -> None:
        """Change a closed candle: one more trade at the close, as if found later."""
        self._source.revise(symbol, Interval.parse(interval), open_ms)

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Within the block connections are refused, and open ones are dropped."""
        self._call(self._listeners.close())
        try:
            yield
        finally:
            self._call(self._open())

    async def vanish(self, seconds: float) -> None:
        """The same for so many seconds, for the control paths."""
        task = asyncio.get_running_loop().create_task(self._vanish(seconds))
        self._vanishing.add(task)
        task.add_done_callback(self._vanishing.discard)

    def start(self) -> Self:
        """Serve until `stop`. Raises `PortInUse`."""
        self._listeners.reserve(self.options.port)
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_run, args=(loop,), name="sandbox", daemon=True)
        self._thread.start()
        self._call(self._open())
        return self

    def stop(self) -> None:
        """Stop serving and free the ports."""
        if self._loop is not None and self._thread is not None:
            self._call(self._listeners.close())
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

    async def _open(self) -> None:
        services = (("binance", self._spot), ("coingecko", self._coingecko))
        await self._listeners.open([Wire(name, each, self).app() for name, each in services])

    async def _vanish(self, seconds: float) -> None:
        await asyncio.sleep(0.05)
        await self._listeners.close()
        await asyncio.sleep(seconds)
        await self._open()

    def _url(self, place: int) -> str:
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        return f"http://{host}:{self._listeners.ports[place]}"


_NEVER: Final = threading.Event()
_SIGNALS_EVERY_S: Final = 0.25


def serve(options: SandboxOptions, ready: Callable[[Sandbox], None]) -> None:
    """Serve until Ctrl-C; `ready` is called once, when both addresses answer.

    Raises as `Sandbox` does.
    """
    with Sandbox(options) as box, suppress(KeyboardInterrupt):
        ready(box)
        # In short waits: polars takes SIGINT over, after which Ctrl-C does not end a long one.
        while not _NEVER.wait(_SIGNALS_EVERY_S):
            pass


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


async def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
