"""Figures of the page: until it shows, while it is moved, and from the exchange to the screen."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from itertools import chain
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from playwright.sync_api import Browser
from websockets.sync.client import connect

from bench.browsing import (
    chromium,
    frames,
    given_ms,
    heap_bytes,
    opened,
    script_bytes,
    settled_ms,
    watch_candles,
)
from bench.history import LONG, SHORT
from bench.processes import CHANDLERY, PYTHON, Failed, announced, ask, running
from bench.serving import SERIES, fill
from bench.shelf import SERIES as NINE_YEARS
from bench.shelf import UNTIL, files_since, world
from bench.tables import MEGABYTE, Table, verdict
from bench.visits import Visit, tabs

LIVE: Final = "binance:BTCUSDT:1s"

_CHART_MS: Final = 300
_FRAME_MS: Final = 25
_SHARE: Final = 0.95
_SETTLED_MS: Final = 150
_CHART_BYTES: Final = 150_000
_ALL_BYTES: Final = 350_000
_AGAIN: Final = 60
"""How much faster than real the hour of updates runs."""


def page(*, quick: bool) -> Iterator[Table]:
    """Look at the page with a few and with many candles stored, and while candles come."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        yield _shown(browser, folder, quick=quick)
        yield _live(browser, folder / "live", quick=quick)


def _shown(browser: Browser, folder: Path, *, quick: bool) -> Table:
    rows: list[list[str]] = []
    few = folder / "few"
    few.mkdir()
    fill(few, 1000)
    rows += _looked(browser, few, SERIES, "1,000 candles", quick=quick)
    many = folder / "many"
    many.mkdir()
    candles = _nine_years(many, quick=quick)
    rows += _looked(browser, many, NINE_YEARS, f"{candles:,} candles", quick=quick)
    return Table(
        "The page in Chromium without a window, 1440 by 900",
        ("measure", "stored", "figure", "aim", ""),
        rows,
        [
            "First chart: from the navigation until Chromium has drawn the frame that shows it;",
            "median of the visits, each in a tab of a browser that stood open before.",
            "Frames: while the chart is pulled and zoomed; no graphics card, software draws.",
            "Bytes: of the scripts over the wire, gzip; the pie's come after the chart.",
        ],
    )


def _nine_years(home: Path, *, quick: bool) -> int:
    """Backfill the history of one symbol, or a part of it; how many candles came."""
    form = SHORT if quick else LONG
    print("  the history is backfilled", file=sys.stderr)
    with world([files_since(form.first)]) as exchange:
        words = ("--since", form.first.isoformat(), "--until", UNTIL, NINE_YEARS)
        settings = exchange.settings | {"CHANDLERY_HOME": str(home)}
        found = ask(PYTHON, "bench.clients.backfill_client", *words, **settings)
    if found["failures"]:
        raise Failed(f"the backfill went wrong: {found['failures']}")
    return int(found["candles"])


def _looked(
    browser: Browser, home: Path, series: str, stored: str, *, quick: bool
) -> list[list[str]]:
    print(f"  looking at {stored}", file=sys.stderr)
    command = (*CHANDLERY, "serve", "--no-collect", "--json", "--port", "0", "--home", str(home))
    with running(command, home, CHANDLERY_SERIES=series, CHANDLERY_CSV="") as process:
        url = announced(process, home)["url"]
        visits = list(_visits(url, 3 if quick else 11))
        with opened(browser, url) as one:
            one.wait_for_timeout(1500)
            chart_bytes = script_bytes(one, given_ms(one))
            all_bytes = script_bytes(one)
            gaps = sorted(frames(one, 4 if quick else 12))
    good = sum(gap <= _FRAME_MS for gap in gaps) / len(gaps)
    return [
        *chain.from_iterable(_times(what, stored, them) for what, them in visits),
        [
            f"frames within {_FRAME_MS} ms",
            stored,
            f"{good:.1%} of {len(gaps)}",
            f"{_SHARE:.0%}",
            verdict(met=good >= _SHARE),
        ],
        _bytes("script until the chart", stored, chart_bytes, _CHART_BYTES),
        _bytes("script in all", stored, all_bytes, _ALL_BYTES),
    ]


def _visits(url: str, times: int) -> Iterator[tuple[str, list[Visit]]]:
    """Visits of browsers that have nothing of the page, and of such that had it open before."""
    with tabs() as ours:
        ours.visit(url, new=True)  # Chromium's own first tab is slower
        yield "nothing cached", [ours.visit(url, new=True) for _ in range(times)]
        yield "scripts cached", [ours.visit(url, new=False) for _ in range(times)]


def _times(what: str, stored: str, visits: list[Visit]) -> Iterator[list[str]]:
    paint, given, shown = (median(column) for column in zip(*map(astuple, visits), strict=True))
    yield [f"first contentful paint, {what}", stored, f"{paint:.0f} ms", "", ""]
    yield [f"the chart has its candles, {what}", stored, f"{given:.0f} ms", "", ""]
    met = verdict(met=shown < _CHART_MS)
    yield [f"first chart on the screen, {what}", stored, f"{shown:.0f} ms", f"{_CHART_MS} ms", met]


def _bytes(what: str, stored: str, size: int, most: int) -> list[str]:
    return [
        what,
        stored,
        f"{size / 1000:.0f} kB",
        f"{most / 1000:.0f} kB",
        verdict(met=size < most),
    ]


def _live(browser: Browser, home: Path, *, quick: bool) -> Table:
    home.mkdir()
    rows = []
    with _exchange(home, ()) as urls, _server(home / "a", urls) as (url, _):
        rows += _closes(browser, url, urls, seconds=15 if quick else 90)
    fast = ("--speed", str(_AGAIN), "--stream-every", "1000", "--weight-limit", "100000")
    with _exchange(home, fast) as urls, _server(home / "b", urls) as (url, pid):
        rows += _memory(browser, url, pid, minutes=5 if quick else 60)
    return Table(
        f"Live candles of {LIVE} on the page",
        ("measure", "figure", "aim", ""),
        rows,
        [
            "Close to screen: from the exchange's close event until the legend shows the next.",
            f"The hour runs {_AGAIN} times as fast as real: an update of each second of it.",
        ],
    )


@contextmanager
def _exchange(folder: Path, words: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    with running((*CHANDLERY, "sandbox", "--json", *words), folder) as process:
        yield announced(process, folder)


@contextmanager
def _server(home: Path, urls: dict[str, Any]) -> Iterator[tuple[str, int]]:
    home.mkdir()
    settings = {name: str(text) for name, text in urls.items() if name.startswith("CHANDLERY_")}
    command = (*CHANDLERY, "serve", "--json", "--port", "0", "--home", str(home))
    settings |= {"CHANDLERY_SERIES": LIVE, "CHANDLERY_CSV": ""}
    with running(command, home, **settings) as process:
        yield announced(process, home)["url"], process.pid


def _closes(browser: Browser, url: str, urls: dict[str, Any], seconds: int) -> list[list[str]]:
    print("  closes", file=sys.stderr)
    with opened(browser, url) as one:
        one.get_by_text("Live ·").wait_for(timeout=30_000)
        watch_candles(one)
        said = _close_events(urls["CHANDLERY_BINANCE_STREAM_URL"], seconds, one.wait_for_timeout)
        one.wait_for_timeout(1000)
        seen = settled_ms(one)
    late = sorted(seen[open_ms] - at for open_ms, at in said.items() if open_ms in seen)
    if len(late) < seconds / 2:
        raise Failed(f"of {len(said)} closes only {len(late)} were seen on the page")
    p99 = quantiles(late, n=100)[98]
    return [
        ["close to screen, median", f"{median(late):.0f} ms of {len(late)}", "", ""],
        [
            "close to screen, p99",
            f"{p99:.0f} ms",
            f"{_SETTLED_MS} ms",
            verdict(met=p99 < _SETTLED_MS),
        ],
    ]


def _close_events(stream: str, seconds: int, wait: Any) -> dict[int, int]:  # noqa: ANN401  Playwright's own wait
    """By open time: when the exchange said that a candle is closed, by its clock and ours."""
    said: dict[int, int] = {}
    symbol, interval = LIVE.split(":")[1:]

    def listen() -> None:
        for text in socket:
            message = json.loads(text)
            if message["k"]["x"]:
                said[message["k"]["t"]] = message["E"]

    with connect(f"{stream}/ws/{symbol.lower()}@kline_{interval}") as socket:
        threading.Thread(target=listen, daemon=True).start()
        wait(seconds * 1000)
    return said


def _memory(browser: Browser, url: str, pid: int, minutes: int) -> list[list[str]]:
    print(f"  {minutes} minutes of updates", file=sys.stderr)
    with opened(browser, url) as one:
        one.wait_for_timeout(5000)
        server, held = _resident(pid), heap_bytes(one)
        one.wait_for_timeout(minutes * 60_000 / _AGAIN)
        more, later = _resident(pid) - server, heap_bytes(one)
    return [
        [
            f"server, after {minutes} minutes of updates",
            f"{(server + more) / MEGABYTE:.0f} MB ({more / MEGABYTE:+.1f})",
            "",
            "",
        ],
        [
            f"page's scripts, after {minutes} minutes of updates",
            f"{later / MEGABYTE:.1f} MB ({(later - held) / MEGABYTE:+.1f})",
            "",
            "",
        ],
    ]


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith("VmRSS:"))
    return int(found.split()[1]) * 1024
