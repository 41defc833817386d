"""Figure 4: how long a person waits for the help, for the page and for the first chart."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.chart import FULL, chart_path, whole_chart
from bench.processes import (
    CHANDLERY,
    PYTHON,
    ROOT,
    announced,
    answers,
    environment,
    free_port,
    running,
    seconds_until,
)
from bench.tables import Table, seconds

_SERIES: Final = "binance:BTCUSDT:1h"
_SET_UP: Final = ROOT / ".venv" / ".package"
_LEFT_OUT: Final = "`make up` and `make demo` were left out: run `make setup` first."


def starting(*, quick: bool) -> Table:
    """Start everything a few times."""
    times, starts = (3, 1) if quick else (10, 3)
    rows = [
        _row(
            "`python -c pass`, to compare", [_lasted([PYTHON, "-c", "pass"]) for _ in range(times)]
        ),
        _row("`chandlery --help`", [_lasted([*_command(), "--help"]) for _ in range(times)], 0.25),
    ]
    if _SET_UP.exists():
        rows += [*_second_up(starts), *_demo(starts)]
    return Table(
        "Starting",
        ("what", "median (least-most)", "aim"),
        rows,
        [
            f"Medians of {times}; of {starts} for `make`.",
            "`make up` again: set up and collected before; the sandbox is its exchange.",
            "`make demo`: set up before, an empty folder each time.",
            *([] if _SET_UP.exists() else [_LEFT_OUT]),
        ],
    )


def _command() -> Sequence[str]:
    """The command as it is installed, if it is."""
    installed = Path(PYTHON).with_name("chandlery")
    return [str(installed)] if installed.exists() else CHANDLERY


def _lasted(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _second_up(starts: int) -> list[list[str]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        box = stack.enter_context(running((*CHANDLERY, "sandbox", "--json"), folder))
        settings = {
            "CHANDLERY_HOME": str(folder / "data"),
            "CHANDLERY_CSV": str(folder / "crypto.csv"),
            **announced(box, folder),
        }
        _made("up", folder, settings)
        return _waits("`make up` again", "up", [folder] * starts, settings, aim=5.0)


def _demo(starts: int) -> list[list[str]]:
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / str(number) for number in range(starts)]
        return _waits("`make demo`", "demo", folders, {})


def _waits(
    name: str,
    target: str,
    folders: Sequence[Path],
    settings: dict[str, str],
    aim: float | None = None,
) -> list[list[str]]:
    waited = [_made(target, folder, settings) for folder in folders]
    return [
        _row(f"{name}, until the page answers", [page for page, _ in waited], aim),
        _row(f"{name}, until the chart has {FULL} candles", [chart for _, chart in waited]),
    ]


def _made(target: str, folder: Path, settings: dict[str, str]) -> tuple[float, float]:
    """Seconds of `make up` or `make demo` until the page and until the chart."""
    folder.mkdir(exist_ok=True)
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    chart = url + chart_path(_SERIES)
    command = ["make", "--directory", str(ROOT), target]
    if target == "demo":
        command.append(f"ARGS=--home {folder / 'data'}")
    print(f"  make {target}", file=sys.stderr)
    began = time.perf_counter()
    mine = {"CHANDLERY_PORT": port, "CHANDLERY_SERIES": _SERIES, "CHANDLERY_STORE_URL": ""}
    with running(command, folder, **settings, **mine) as process:
        page = seconds_until(process, began, lambda: answers(url) is not None)
        return page, seconds_until(process, began, lambda: whole_chart(chart) is not None)


def _row(what: str, waited: Sequence[float], aim: float | None = None) -> list[str]:
    return [what, seconds(waited), "" if aim is None else f"under {aim:g} s"]
