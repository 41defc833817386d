"""`chandlery sandbox`: the built-in exchange, for rehearsals and for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chandlery.cli.console import note, say
from chandlery.cli.options import Json
from chandlery.cli.stopping import until_stopped, wait_for_ever

Files = Annotated[
    list[Path] | None, typer.Argument(help="More files to replay.", metavar="[FILE…]")
]
FourPorts = Annotated[
    int,
    typer.Option(
        help="Binance's paths here, then CoinGecko's, the archive, the streams; 0: free ones."
    ),
]
Seed = Annotated[int, typer.Option(help="Which invented market.")]
Replay = Annotated[
    list[Path] | None,
    typer.Option(help="Serve recorded candles: Binance CSV or JSON files.", metavar="FILE…"),
]
Symbol = Annotated[str | None, typer.Option(help="Of replayed files whose names do not say.")]
Length = Annotated[str | None, typer.Option(help="Of replayed files whose names do not say.")]
CoinGeckoReplay = Annotated[
    list[Path] | None, typer.Option(help="Serve a recorded body of /coins/markets.", metavar="FILE")
]
Now = Annotated[str | None, typer.Option(help="Where the exchange's clock starts.", metavar="T")]
Speed = Annotated[float | None, typer.Option(help="How fast it runs: 1 is real time, 0 frozen.")]
WeightLimit = Annotated[int, typer.Option(help="Request weight per minute.")]
StreamEvery = Annotated[
    int | None,
    typer.Option(
        help="Milliseconds of the exchange's clock between messages of a stream; "
        "Binance's own speed if not said.",
        metavar="MS",
    ),
]
MoreSymbols = Annotated[
    int, typer.Option(help="So many symbols more: C0001USDT and so on, the likes of others.")
]


def sandbox(
    files: Files = None,
    port: FourPorts = 0,
    seed: Seed = 1,
    replay: Replay = None,
    symbol: Symbol = None,
    interval: Length = None,
    coingecko_replay: CoinGeckoReplay = None,
    now: Now = None,
    speed: Speed = None,
    weight_limit: WeightLimit = 6000,
    more_symbols: MoreSymbols = 0,
    stream_every: StreamEvery = None,
    as_json: Json = False,
) -> None:
    """Run the built-in exchange until Ctrl-C: Binance, its streams and archive, CoinGecko.

    Other programs use it by its address, as they would the real one; it needs no network. Faults
    are ordered over HTTP at /sandbox/faults, those of archive files at /sandbox/archive, those
    of streams at /sandbox/streams, the clock at /sandbox/clock. What it prints are the settings
    that lead Chandlery to it.
    """
    import orjson

    from chandlery.collect.wanted import to_ms
    from chandlery.sandbox import Sandbox, SandboxOptions

    options = SandboxOptions(
        seed=seed,
        port=port,
        now_ms=None if now is None else to_ms(now),
        speed=speed,
        weight_limit=weight_limit,
        more_symbols=more_symbols,
        stream_every_ms=stream_every,
        replay=(*(replay or ()), *(files or ())),
        replay_symbol=symbol,
        replay_interval=interval,
        coingecko_replay=tuple(coingecko_replay or ()),
    )
    with until_stopped(), Sandbox(options) as box:
        if as_json:
            say(orjson.dumps(box.addresses).decode())
        else:
            for name, url in box.addresses.items():
                say(f"{name}={url}")
            note("SANDBOX: set these and everything runs against it (Ctrl-C ends it)")
        wait_for_ever()
