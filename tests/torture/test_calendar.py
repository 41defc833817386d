"""The ends of months, years and ages, leap seconds, and wherever the machine thinks it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import orjson
import polars as pl
import pytest

from chandlery.candles.interval import HOUR_MS
from chandlery.candles.series import Series
from chandlery.collect.keeper import Keeper
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from chandlery.web import create_app
from tests.cli.conftest import NOW_MS as NOVEMBER_MS
from tests.cli.conftest import Shell
from tests.collect.rehearsal import EARLY_MS, Rehearsal, afresh, rehearsing
from tests.torture.clocks import CreepingClock
from tests.torture.lengths import scaled, seeds

SOL: Final = "binance:SOLUSDT:1h"
BTC: Final = "binance:BTCUSDT:1h"


ENDS: Final = {
    "the end of 2020, a leap year": "2020-12-31T23:59:58",
    "the end of 2021": "2021-12-31T23:59:58",
    "leap day begins": "2024-02-28T23:59:58",
    "leap day ends": "2024-02-29T23:59:58",
    "the end of signed seconds": "2038-01-19T03:14:06",
    "leap day of 2040": "2040-02-29T23:59:58",
}


def ms(text: str) -> int:
    """Epoch milliseconds of a time in UTC."""
    return int(pl.Series([text]).str.to_datetime(time_unit="ms").dt.epoch("ms")[0])


@pytest.mark.parametrize("when", ENDS)
@pytest.mark.parametrize("interval", ["1m", "1d", "3d", "1w", "1M"])
def test_ends_of_years(box: Sandbox, tmp_path: Path, when: str, interval: str) -> None:
    """Candles of every length are right on both sides of an end, which comes while we collect."""
    now_ms = ms(ENDS[when])
    name = f"binance:BTCUSDT:{interval}"
    with rehearsing(box, tmp_path / "home", now_ms=now_ms, series=name) as desk:
        clock = CreepingClock(box, now_ms)
        clock.step_s = 0.2
        with Keeper(desk.keeper.settings, clock=clock) as keeper:
            assert keeper.keep_current(Series.parse(name), last=40).ok
            clock.advance(5)
            assert keeper.keep_current(Series.parse(name)).ok
            clock.step_s = 0
            Rehearsal(box, keeper).assert_newest(name, least=39)
            assert keeper.status().series[0].last_open_ms == keeper.catalogue()[0].last_ms


@pytest.mark.parametrize("seed", seeds(short=1, full=12))
def test_the_year_ends_while_a_backfill_plans(box: Sandbox, tmp_path: Path, seed: int) -> None:
    """The archive's files become others in the middle of it, and all of the history is there."""
    now_ms = ms("2020-12-31T23:59:59") - 1000 * seed
    with rehearsing(box, tmp_path / "home", now_ms=now_ms) as desk:
        clock = CreepingClock(box, now_ms)
        clock.step_s = 0.05 * seed
        with Keeper(desk.keeper.settings, clock=clock) as keeper:
            keeper.backfill(SOL, since="2020-11-01")
            assert clock.now_ms() >= ms("2021-01-01T00:00:00")
            clock.step_s = 0
            keeper.backfill(SOL, since="2020-11-01")
            keeper.keep_current(Series.parse(SOL))
            Rehearsal(box, keeper).assert_newest(SOL, least=61 * 24)


@pytest.mark.slow
def test_after_2038(box: Sandbox, tmp_path: Path) -> None:
    """Lake, CSV, exports and the interface have times that do not fit into 32 bits of seconds."""
    now_ms = ms("2040-03-01T00:30:00")
    csv = tmp_path / "crypto.csv"
    with rehearsing(box, tmp_path / "home", now_ms=now_ms, csv=str(csv), series=BTC) as desk:
        keeper = desk.keeper
        assert keeper.backfill(BTC, since="2039-12-30").failure is None
        assert keeper.keep_current(Series.parse(BTC)).ok
        keeper.store.folding.fold(Series.parse(BTC), everything=True)
        desk.assert_newest(BTC, least=62 * 24)
        last_ms = now_ms // HOUR_MS * HOUR_MS
        assert int(csv.read_text().splitlines()[-1].partition(",")[0]) == last_ms
        page = create_app(keeper).test_client()
        rows = orjson.loads(page.get(f"/api/v1/candles?series={BTC}&limit=3").data)["rows"]
        assert rows[-1][0] == last_ms
        shell = Shell(tmp_path, {"HOME": str(tmp_path / "home"), "CSV": "", "SERIES": BTC})
        for kind in ("csv", "json", "parquet"):
            out = tmp_path / f"out.{kind}"
            done = shell.chandlery("export", BTC, "--to", str(out))
            assert done.returncode == 0, done.stderr
        assert "2040-02-29" in shell.chandlery("show", BTC, "--last", "30").stdout


FAR: Final = (
    "1969-12-31T23:59:59",
    "1970-01-01",
    "0001-01-01",
    "9999-12-31T23:59:59",
    "10000-01-01",
    "2016-12-31T23:59:60",
    "2023-02-29",
    "-1",
    "253402300800000",
)


@pytest.mark.parametrize("when", FAR)
def test_far_times_at_the_doors(box: Sandbox, tmp_path: Path, when: str) -> None:
    """The beginning and the end of our years, and days that are none: candles or plain words."""
    afresh(box, EARLY_MS)
    names = {name.removeprefix("CHANDLERY_"): url for name, url in box.addresses.items()}
    shell = Shell(tmp_path, {**names, "SERIES": BTC, "CSV": ""})
    assert shell.chandlery("collect", BTC, "--last", "5").returncode == 0
    weekly = "binance:BTCUSDT:1w"
    for words in (
        ("collect", weekly, "--since", when),
        ("collect", weekly, "--since", "2020-01-01", "--until", when),
        ("resample", BTC, "1d", "--since", when),
        ("resample", BTC, "1d", "--until", when),
        ("plan", weekly, "--since", when),
        ("export", BTC, "--since", when, "--to", "out.csv", "--force"),
    ):
        done = shell.chandlery(*words)
        assert done.returncode in {0, 2}, (words, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.returncode == 0 or len(done.stderr.strip()) > 10, words
    with rehearsing(box, tmp_path / "chandlery-data", now_ms=EARLY_MS) as desk:
        page = create_app(desk.keeper).test_client()
        for path in ("candles", "coverage", "gaps", "market-caps/history"):
            for name in ("since", "until", "before", "at"):
                asked = page.get(f"/api/v1/{path}?series={BTC}&{name}={when}")
                assert asked.status_code < 500, (path, name, asked.text)
    with Keeper(read_settings(home=tmp_path / "chandlery-data", csv="")) as keeper:
        assert keeper.prove(BTC).holds


def test_a_leap_second(box: Sandbox, tmp_path: Path) -> None:
    """A second that comes twice at the exchange, and a close within it, change no candle."""
    # Epoch time has no leap second: 23:59:60 is the same as 0:00 of the day after.
    name = "binance:BTCUSDT:1s"
    midnight_ms = ms("2021-01-01T00:00:00")
    with rehearsing(box, tmp_path / "home", now_ms=midnight_ms - 300) as desk:
        assert desk.keeper.collect(name, last=50).ok
        desk.keeper.clock.sleep(0.9)
        assert desk.keeper.keep_current(Series.parse(name)).ok
        box.clock.freeze(midnight_ms - 400)  # the second once more
        assert desk.keeper.keep_current(Series.parse(name)).ok
        for seconds in (5, 1000):
            desk.keeper.clock.sleep(seconds)
            assert desk.keeper.keep_current(Series.parse(name)).ok
        desk.assert_newest(name, least=50)


ZONES: Final = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu")
IN_A_ZONE: Final = """
import json, sys
from pathlib import Path
from tests.cli.conftest import Shell
shell = Shell(Path.cwd(), json.loads(sys.argv[1]))
for line in json.loads(sys.argv[2]):
    done = shell.chandlery(*line.split())
    print("$", line, done.returncode)
    if not line.startswith(("collect", "backfill")):
        print(done.stdout)
    assert "Traceback" not in done.stderr, done.stderr
for path in sorted(Path.cwd().glob("*.*")):
    print("#", path.name, path.read_bytes().hex() if path.suffix != ".parquet" else "")
"""
_ASKED: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC(?= by )")
"""When a gap was asked for, by this machine's clock."""
SAID: Final = (
    "collect --last 30",
    "collect binance:BTCUSDT:1d --since 2024-10-01",
    "collect binance:BTCUSDT:1h --since 2024-11-03T00:30 --until 2024-11-03T09:30",
    "backfill binance:BTCUSDT:15m --since 2024-10-26T22:00 --until 2024-10-28",
    "show binance:BTCUSDT:1h",
    "show binance:BTCUSDT:1d --last 60 --format json",
    "gaps binance:BTCUSDT:1h",
    "plan binance:BTCUSDT:1h --since 2024-03-30 --until 2024-04-01",
    "resample binance:BTCUSDT:15m 1d",
    "export binance:BTCUSDT:15m --to a.csv",
    "export binance:BTCUSDT:15m --to a.json",
    "export binance:BTCUSDT:15m --to a.parquet",
)


@pytest.mark.slow
def test_time_zones(tmp_path: Path) -> None:
    """Wherever the machine thinks it is, also around a night with 25 hours, all is the same."""
    zones = ZONES[: scaled(short=3, full=len(ZONES))]
    with Sandbox(now_ms=NOVEMBER_MS, speed=0, weight_limit=10**7) as still:
        names = {name.removeprefix("CHANDLERY_"): url for name, url in still.addresses.items()}
        settings = orjson.dumps({**names, "SERIES": BTC}).decode()
        running = [_in_a_zone(zone, tmp_path / zone.replace("/", "-"), settings) for zone in zones]
        said = [process.communicate(timeout=120) for process in running]
    for zone, (out, err) in zip(zones, said, strict=True):
        assert err == "", (zone, err)
        assert _ASKED.sub("", out) == _ASKED.sub("", said[0][0]), zone
    assert said[0][0].count("$") == len(SAID)
    codes = {line.rpartition(" ")[2] for line in said[0][0].splitlines() if line.startswith("$")}
    assert codes == {"0"}


def _in_a_zone(zone: str, folder: Path, settings: str) -> subprocess.Popen[str]:
    folder.mkdir()
    return subprocess.Popen(
        [sys.executable, "-c", IN_A_ZONE, settings, orjson.dumps(SAID).decode()],
        cwd=folder,
        env={**os.environ, "TZ": zone, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
