"""How a sandbox exchange is set up, checked before anything is opened."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chandlery.clock import ms_to_text
from chandlery.errors import InputError
from chandlery.sandbox.market.trading_time import FIRST_MS, LAST_MS
from chandlery.sandbox.sources.many import MOST
from chandlery.sandbox.streams.commands import MOST_STREAMS

WEIGHT_LIMIT: Final = 6000
COINGECKO_LIMIT: Final = 100
_LAST_PORT: Final = 65535
_PORTS: Final = 4


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Everything that can be chosen. Raises `InputError` for what cannot be done."""

    seed: int = 1
    """Another seed is another market."""
    host: str = "127.0.0.1"
    port: int = 0
    """Binance's paths are served here, CoinGecko's on the next port, the archive on the one after
    and the streams on the last; 0 takes four free ones."""
    now_ms: int | None = None
    """Where the exchange's clock starts; None is the machine's time (in replay: just after the
    last candle, or just before its end if it may be unfinished)."""
    speed: float | None = None
    """How fast it runs: 1 is real time, 0 frozen, 60 a minute a second. None is 1, or 0 if the
    clock was set or candles are replayed."""
    weight_limit: int = WEIGHT_LIMIT
    """Request weight that one minute of the exchange's clock allows."""
    coingecko_limit: int = COINGECKO_LIMIT
    """Calls that one minute of CoinGecko's clock allows."""
    stream_every_ms: int | None = None
    """How often streams are sent, by the exchange's clock; None is Binance's own speed: 1000 for
    1s candles, 2000 for others."""
    stream_ping_s: float = 20.0
    """Real seconds between two pings of a stream's connection, which ends when a pong has been
    missing for three times as long."""
    stream_most: int = MOST_STREAMS
    """How many streams one connection may have."""
    more_symbols: int = 0
    """So many symbols more (C0001USDT and so on), which share the markets of the invented ones."""
    replay: tuple[Path, ...] = ()
    """Recorded candles to serve instead of the invented market."""
    replay_symbol: str | None = None
    replay_interval: str | None = None
    """Of files whose names do not say."""
    coingecko_replay: tuple[Path, ...] = ()
    """Recorded bodies of /coins/markets, served as they are: page 1 the first, and so on."""

    def __post_init__(self) -> None:
        highest = _LAST_PORT + 1 - _PORTS
        if not 0 <= self.port <= highest:
            raise InputError(f"Port {self.port} cannot be used; choose 0 to {highest}.")
        if self.speed is not None and self.speed < 0:
            raise InputError(f"The clock cannot run backwards (speed {self.speed}).")
        if self.weight_limit < 1 or self.coingecko_limit < 1:
            limits = f"{self.weight_limit} and {self.coingecko_limit}"
            raise InputError(f"The limits of requests must be 1 or more; got {limits}.")
        if (self.stream_every_ms or 1) < 1 or self.stream_ping_s <= 0 or self.stream_most < 1:
            msg = "Streams need a speed in milliseconds, a time between pings and a most above 0."
            raise InputError(msg)
        if not 0 <= self.more_symbols <= MOST:
            raise InputError(f"More symbols must be 0 to {MOST}; got {self.more_symbols}.")
        if self.more_symbols and self.replay:
            msg = "Recorded candles are served as they are, without more symbols."
            raise InputError(msg)
        if self.now_ms is not None and not FIRST_MS <= self.now_ms < LAST_MS:
            raise InputError(
                f"The sandbox exists from {ms_to_text(FIRST_MS)} to {ms_to_text(LAST_MS)}; "
                f"its clock cannot start at {ms_to_text(self.now_ms)}."
            )
        if self.seed < 0:
            raise InputError(f"The seed must be 0 or more; got {self.seed}.")
        _check_loopback(self.host)


def _check_loopback(host: str) -> None:
    """The sandbox can be told to misbehave by anybody who reaches it, so nobody else may."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise InputError(
            f"The sandbox serves this machine only: '{host}' is not a loopback address. "
            "Use 127.0.0.1."
        )
