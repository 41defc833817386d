"""`chandlery up`, `demo` and `serve`: the page, and the loop that keeps the data current."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer

from chandlery.cli.collecting import print_report
from chandlery.cli.console import note, progress, say
from chandlery.cli.options import Home, Json, Port
from chandlery.cli.stopping import aside, until_stopped, wait_for_ever
from chandlery.errors import InputError

if TYPE_CHECKING:
    from chandlery.clock import StoppableClock
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import Settings

DEMO_HOME: Final = "chandlery-demo"
DEMO_SERIES: Final = "binance:BTCUSDT:1h,binance:ETHUSDT:15m"
_DEMO_EVERY_MS: Final = 500
"""How often the demo's candles move: more often than Binance's, for there is more to see."""
_MEANWHILE: Final = (
    "What is stored is served, and it is tried again; 'make demo' works without a network."
)


def up(home: Home = None, port: Port = None, as_json: Json = False) -> None:
    """Collect the series of the settings, then serve the page and keep everything current."""
    from chandlery.settings import read_settings

    run(read_settings(home=home, port=port), label=None, as_json=as_json, first=True)


def serve(
    home: Home = None,
    port: Port = None,
    collect: Annotated[bool, typer.Option(help="Keep the data current while serving.")] = True,
    as_json: Json = False,
) -> None:
    """Serve the page at once; keep the data current in the background."""
    from chandlery.settings import read_settings

    settings = read_settings(home=home, port=port)
    run(settings, label=None, as_json=as_json, first=False, collect=collect)


def demo(
    home: Annotated[Path | None, typer.Option(help="Folder of the demo's own store.")] = None,
    port: Port = None,
    seed: Annotated[int, typer.Option(help="Which invented market.")] = 1,
    as_json: Json = False,
) -> None:
    """Do what `up` does, against the built-in sandbox exchange: invented candles, no network."""
    from chandlery.sandbox import Sandbox
    from chandlery.settings import read_settings

    home = home or Path(DEMO_HOME if seed == 1 else f"{DEMO_HOME}-{seed}")
    note("SANDBOX: everything here is invented by the built-in exchange; it is no market data.")
    with Sandbox(seed=seed, stream_every_ms=_DEMO_EVERY_MS) as box:
        settings = read_settings(
            home=home,
            port=port,
            store_url="",
            series=DEMO_SERIES,
            csv=str(home / "crypto.csv"),
            binance_url=box.binance_url,
            binance_archive_url=box.archive_url,
            binance_um_url=box.binance_url,
            binance_stream_url=box.stream_url,
            binance_um_stream_url=box.stream_url,
            coingecko_url=box.coingecko_url,
        )
        run(settings, label="SANDBOX", as_json=as_json, first=True)


def run(
    settings: Settings,
    *,
    label: str | None,
    as_json: bool = False,
    first: bool,
    collect: bool = True,
) -> None:
    """Serve the page until Ctrl-C; `first` collects once before, `collect` keeps at it.

    With `collect` what people ask for on the page is done here, too.
    """
    from chandlery.clock import StoppableClock
    from chandlery.collect.keeper import Keeper
    from chandlery.schedule.embedded import EmbeddedLoop
    from chandlery.schedule.queue_length import of_settings
    from chandlery.schedule.task_runner import TaskRunner
    from chandlery.web import Server, create_app

    clock = StoppableClock()
    opened = partial(Keeper, settings, clock=clock, background=True)
    with until_stopped(), aside(clock, opened) as keeper:
        app = create_app(
            keeper,
            label=label,
            token=settings.token.get_secret_value(),
            queue_length=of_settings(settings),
        )
        server = Server(app, settings.host, settings.port)
        try:
            server.start()
            _announce(server.url, label, as_json=as_json)
            if not collect:
                wait_for_ever()
            with TaskRunner(keeper, clock, tell=note):
                failing = _collect_first(keeper, clock) if first else []
                with EmbeddedLoop(keeper, clock, tell=note, failing=failing):
                    wait_for_ever()
        finally:
            clock.stop()
            server.stop()


def _announce(url: str, label: str | None, *, as_json: bool) -> None:
    if as_json:
        say(orjson.dumps({"url": url, "label": label}).decode())
    else:
        say(f"{f'{label}: ' if label else ''}The page is at {url} (Ctrl-C ends it)")


def _collect_first(keeper: Keeper, clock: StoppableClock) -> list[str]:
    """Collect every series that is named in full; what could not be had is left to the loop.

    Those whose failure was told are named: a service that is away, or a series.
    """
    from chandlery.schedule.probes import service_of

    failing: list[str] = []
    for text in keeper.notes:
        note(text)
    for series in keeper.patterns():
        if series.is_pattern:
            note(f"{series}: its series are collected in the background.")
            continue
        try:
            with progress(str(series)) as listener:
                report = aside(clock, partial(keeper.catch_up, series, listener=listener))
        except InputError as error:
            note(f"{series}: {error}")
            failing.append(str(series))
            continue
        if report.failure is not None:
            note(f"{report.series}: {report.failure} {_MEANWHILE}")
            return [*failing, service_of(str(series))]
        print_report(report, note)
    return failing
