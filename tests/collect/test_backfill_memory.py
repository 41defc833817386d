"""The memory that a backfill takes does not grow with its length."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from chandlery.sandbox import Sandbox
from tests.cli.conftest import Shell
from tests.collect.rehearsal import NOW_MS

pytestmark = [
    pytest.mark.slow,  # the sandbox makes 350,000 candles
    pytest.mark.skipif(
        not Path("/proc/self/status").exists(), reason="asks Linux for a process's peak of memory"
    ),
]

MOST_MB: Final = 190
"""Of its own. The files of Python, polars and delta-rs, which the kernel maps as it likes, come to
110 MB where they have lain for long, and to 180 MB where they were installed a moment ago."""
UNUSED: Final = {"numpy", "psycopg"}
"""Twenty megabytes that a backfill into SQLite has no use for."""
MEASURED: Final = f"""
import pathlib, sys
from chandlery.cli import main
try:
    main()
finally:
    # Not ru_maxrss, which begins with the peak of the process that started this one.
    status = pathlib.Path("/proc/self/status").read_text()
    peak, files = (int(status.split(name)[1].split()[0]) for name in ("VmHWM:", "RssFile:"))
    print(*sorted({UNUSED} & sys.modules.keys()))
    print((peak - files) // 1024)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What a backfill of eight months of minutes from a sandbox says, and then its process."""
    with Sandbox(now_ms=NOW_MS, speed=0) as box:
        urls = {name.removeprefix("CHANDLERY_"): url for name, url in box.addresses.items()}
        shell = Shell(tmp_path_factory.mktemp("memory"), urls)
        words = ("backfill", "binance:BTCUSDT:1m", "--since", "2020-02-20")
        ran = shell.run("-c", MEASURED, *words)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_nothing_is_loaded_in_vain(said: list[str]) -> None:
    """A backfill into SQLite loads neither numpy nor what talks to PostgreSQL."""
    assert said[-2] == ""


def test_peak_of_memory(said: list[str]) -> None:
    """Eight months of minutes, files and REST, take 190 MB beside the program's files at most."""
    report, *_, peak_mb = said
    new, files = (
        int(text.replace(",", "")) for text in re.findall(r"([\d,]+) (?:new|archive)", report)
    )
    assert new > 345_000
    assert files == 26
    assert int(peak_mb) < MOST_MB
