"""The `chandlery` command: what each verb does, and how it answers what cannot be done."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.files import read_candles
from chandlery.sandbox import Sandbox
from tests.cli.conftest import Shell

pytestmark = pytest.mark.slow

BTC = "binance:BTCUSDT:1h"


def report(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """The first report that was printed as JSON."""
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)[0]
    return found


def test_help_names_every_verb(shell: Shell) -> None:
    """The help lists every command with a sentence, and each command has help of its own."""
    verbs = ["up", "demo", "collect", "show", "status", "gaps", "export", "import"]
    verbs += ["serve", "worker", "schedule", "results", "sandbox", "settings"]
    listed = shell.chandlery("--help").stdout
    assert all(f"\n  {verb} " in listed for verb in verbs)
    assert "--since" in shell.chandlery("collect", "--help").stdout
    assert shell.chandlery().returncode == 2


def test_collect_last(shell: Shell) -> None:
    """Collecting the newest N reports what was kept, as JSON where a program reads it."""
    found = report(shell.chandlery("collect", BTC, "--last", "1500", "--json"))
    assert (found["new"], found["forming"], found["requests"]) == (1499, 1, 2)
    assert found["csv"] == {
        "path": "crypto.csv",
        "rows": 1500,
        "added": 1500,
        "backup": None,
        "duplicates": 0,
        "left_out": [],
    }


def test_collect_since(shell: Shell) -> None:
    """Collecting since a time asks only what is missing, and a second run almost nothing."""
    since = ("collect", BTC, "--since", "2024-06-01", "--json")
    first = report(shell.chandlery(*since))
    second = report(shell.chandlery(*since))
    assert isinstance(first["new"], int)
    assert first["new"] > 4000
    assert (second["new"], second["unchanged"], second["requests"]) == (0, 3, 1)


def test_zone_is_said(shell: Shell) -> None:
    """A time without a zone is taken as UTC, and that is said."""
    done = shell.chandlery("collect", BTC, "--since", "2024-11-23", "--until", "2024-11-23T05:00Z")
    assert "2024-11-23 names no time zone and is taken as UTC." in done.stderr
    assert "5 new" in done.stdout


def test_lower_case_symbol(shell: Shell) -> None:
    """A lower-case symbol is accepted, corrected, and said."""
    done = shell.chandlery("collect", "binance:btcusdt:1h", "--last", "3")
    assert "btcusdt is read as BTCUSDT" in done.stdout
    assert "binance:BTCUSDT:1h: 2 new" in done.stdout


def test_lower_case_settings(shell: Shell) -> None:
    """A lower-case symbol in the settings is corrected once, everywhere, and said."""
    shell.settings |= {"SERIES": "binance:btcusdt:1h", "CSV": "{symbol}.csv"}
    assert "btcusdt is read as BTCUSDT" in shell.tasks().stderr
    status = json.loads(shell.chandlery("status", "--json").stdout)
    assert [line["series"] for line in status["series"]] == [BTC]
    assert (shell.folder / "BTCUSDT.csv").exists()


def test_one_wrong_series(shell: Shell) -> None:
    """A series that cannot be collected is told, and does not keep the others from it."""
    done = shell.chandlery(
        "collect", BTC, "binance:NOPEUSDT:1h", "binance:ETHUSDT:1h", "--last", "3"
    )
    assert done.returncode == 2
    assert f"{BTC}: 2 new" in done.stdout
    assert "binance:ETHUSDT:1h: 2 new" in done.stdout
    assert "no symbol 'NOPEUSDT'" in done.stderr


def test_few_leave_no_hole(shell: Shell) -> None:
    """Collecting few candles never leaves a hole among the CSV's last 500."""
    shell.tasks()
    path = shell.folder / "crypto.csv"
    rows = path.read_text().splitlines()
    path.write_text("\n".join(rows[:400]) + "\n")
    shell.chandlery("collect", BTC, "--last", "3", "--home", "other")
    assert path.read_text().splitlines() == rows


def test_hole_is_said(shell: Shell) -> None:
    """A hole behind the last 500, left by a long absence, is said with the command to fill it."""
    path = shell.folder / "crypto.csv"
    shell.chandlery("collect", BTC, "--since", "2024-06-01", "--until", "2024-06-02")
    shell.chandlery("export", BTC, "--to", "crypto.csv", "--since", "2024-06-01T00:00Z")
    done = shell.tasks()
    assert "crypto.csv has no candles between 2024-06-01 23:00:00 UTC and 2024-11-02" in done.stderr
    assert f"chandlery collect {BTC} --since 2024-06-01" in done.stderr
    assert len(path.read_text().splitlines()) == 524


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BINANCE_URL", "http://user:canary@127.0.0.1:9"),
        ("BINANCE_URL", "ftp://user:canary@127.0.0.1:9"),
        ("COINGECKO_URL", "http://user:canary@127.0.0.1:9/api/v3"),
        ("COINGECKO_KEY", "canary"),
        ("STORE_URL", "postgresql://user:canary@127.0.0.1:9/x"),
        ("STORE_URL", "postgresql://127.0.0.1:9/x?user=u&password=canary"),
        ("STORE_URL", "nonsense:canary@"),
    ],
)
def test_no_secrets(shell: Shell, name: str, value: str) -> None:
    """A password or key in a setting appears nowhere."""
    shell.settings[name] = value
    for words in (("settings",), ("status",), ("collect", BTC, "--last", "3")):
        done = shell.chandlery(*words)
        assert "canary" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [("show", BTC), ("status",), ("collect", BTC, "--last", "3", "--json"), ("--help",)],
)
def test_full_output(shell: Shell, words: tuple[str, ...]) -> None:
    """An output that takes no more ends in a line, not in a traceback."""
    if words[0] == "show":
        shell.chandlery("collect", BTC, "--last", "3")
    with open("/dev/full", "w") as full:  # noqa: PTH123  a device
        done = subprocess.run(
            [sys.executable, "-m", "chandlery", *words],
            cwd=shell.folder, env=shell.environment(), stdout=full, stderr=subprocess.PIPE,
            text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_ended_symbol(shell: Shell, box: Sandbox) -> None:
    """A symbol that has ended gives its history, and it is said that it is over."""
    import urllib3  # noqa: PLC0415  only here

    with urllib3.PoolManager() as pool:
        listed = pool.request("GET", f"{box.binance_url}/api/v3/exchangeInfo").json()
    ended = next(one["symbol"] for one in listed["symbols"] if one["status"] == "BREAK")
    done = shell.chandlery("collect", f"binance:{ended}:1d", "--last", "5")
    assert "not trading (BREAK)" in done.stdout
    assert "5 new" in done.stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["collect", "binance:BTCUSDX:1h"], "no symbol 'BTCUSDX'. Nearest: BTCUSDT"),
        (["collect", "binance:BTCUSDT:1H"], "'1H' is not an interval"),
        (["collect", "BTCUSDT"], "is not a series"),
        (["collect", "kraken:BTCUSDT:1h"], "no exchange 'kraken' here. Known: binance"),
        (["collect", BTC, "--last", "0"], "1 to 1,000,000; asked was 0"),
        (["collect", BTC, "--last", "-5"], "1 to 1,000,000; asked was -5"),
        (["collect", BTC, "--last", "1000001"], "use --since"),
        (["collect", BTC, "--last", "many"], "--last"),
        (["collect", BTC, "--since", "2024-02-01", "--until", "2024-01-01"], "before --until"),
        (["collect", BTC, "--since", "2031-01-01"], "Nothing has happened yet"),
        (["collect", BTC, "--since", "soon"], "'soon' is no time"),
        (["collect", BTC, "--until", "2024-01-01"], "Ask either"),
        (["show", BTC], "Nothing of binance:BTCUSDT:1h is kept"),
        (["show", BTC, "--format", "xml"], "'xml' is not a known format. Known: table, csv, json"),
        (["export", BTC, "--to", "x.xls"], "'xls' is not a known format"),
        (["import", "nothing.csv", "--series", BTC], "nothing.csv: cannot be read"),
        (["up", "--port", "99999"], "port"),
        (
            ["sandbox", "--replay", "nothing.csv", "--symbol", "A", "--interval", "1h"],
            "nothing.csv",
        ),
        (["fly"], "No such command 'fly'"),
    ],
)
def test_bad_input(shell: Shell, words: list[str], why: str) -> None:
    """What cannot be done is answered in a line with what to do, and exit code 2."""
    done = shell.chandlery(*words)
    assert done.returncode == 2, done.stdout
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_typo(shell: Shell) -> None:
    """A settings file with a typo is refused with the nearest right name."""
    (shell.folder / "chandlery.toml").write_text('serie = "binance:BTCUSDT:1h"\n')
    done = shell.chandlery("status")
    assert done.returncode == 2
    assert "'serie', which is no setting. Did you mean 'series'?" in done.stderr


def test_show(shell: Shell) -> None:
    """Kept candles are shown as a table, as Binance's CSV, and as JSON."""
    shell.chandlery("collect", BTC, "--last", "5")
    rows = (shell.folder / "crypto.csv").read_text()
    assert shell.chandlery("show", BTC, "--format", "csv").stdout == rows
    objects = json.loads(shell.chandlery("show", BTC, "--format", "json").stdout)
    assert [one["close"] for one in objects] == [row.split(",")[4] for row in rows.splitlines()]
    table = shell.chandlery("show", BTC, "--last", "2").stdout.splitlines()
    assert len(table) == 3
    assert rows.splitlines()[-1].split(",")[9] in table[-1]


def test_nearest_kept(shell: Shell) -> None:
    """Asking for a series that is not kept names the nearest that is."""
    shell.chandlery("collect", BTC, "--last", "5")
    done = shell.chandlery("show", "binance:BTCUSDT:15m")
    assert "Nearest: binance:BTCUSDT:1h" in done.stderr


@pytest.mark.parametrize("form", ["csv", "parquet", "feather", "arrow", "json"])
def test_export_and_import(shell: Shell, form: str) -> None:
    """What is exported in any format comes back exactly by import into another store."""
    shell.chandlery("collect", BTC, "--last", "700")
    done = shell.chandlery("export", BTC, "--to", f"out.{form}")
    assert done.stdout == f"out.{form}: 699 candles of {BTC}\n"
    again = shell.chandlery("export", BTC, "--to", f"out.{form}")
    assert again.returncode == 2
    assert "--force" in again.stderr
    told = ("--series", BTC, "--closed")
    imported = shell.chandlery("import", f"out.{form}", *told, "--home", "other")
    assert "699 new" in imported.stdout
    shell.chandlery("export", BTC, "--to", "back.parquet", "--home", "other")
    assert read_candles(shell.folder / "back.parquet").equals(
        read_candles(shell.folder / f"out.{form}")
    )


def test_export_of_a_span(shell: Shell) -> None:
    """An export can be limited to a span, and the forming candle is added on request only."""
    shell.chandlery("collect", BTC, "--last", "50")
    shell.chandlery("export", BTC, "--to", "a.csv", "--since", "2024-11-23T05:00Z", "--forming")
    shell.chandlery("export", BTC, "--to", "b.csv", "--last", "3")
    last = read_candles(shell.folder / "b.csv")
    opens = read_candles(shell.folder / "a.csv")["open_time"].dt.hour().to_list()
    assert opens == [5, 6, 7, 8, 9]
    assert last["open_time"].dt.hour().to_list() == [6, 7, 8]


def test_broken_import(shell: Shell) -> None:
    """A broken file is refused with its line, and nothing of it is kept."""
    shell.chandlery("collect", BTC, "--last", "5")
    good = (shell.folder / "crypto.csv").read_text()
    (shell.folder / "broken.csv").write_text(good + "1,2,3\n")
    done = shell.chandlery("import", "broken.csv", "--series", BTC, "--home", "other")
    assert done.returncode == 2
    assert "broken.csv, line 6" in done.stderr
    (line,) = json.loads(shell.chandlery("status", "--json", "--home", "other").stdout)["series"]
    assert (line["series"], line["candles"], line["updated_ms"]) == (BTC, 0, None)


def test_status(shell: Shell) -> None:
    """The status says what is kept and what went wrong last."""
    shell.chandlery("collect", BTC, "--last", "5")
    shell.settings["BINANCE_URL"] = "http://127.0.0.1:9"
    shell.chandlery("collect", BTC, "--last", "5")
    text = shell.chandlery("status").stdout
    assert f"{BTC}: 4 candles" in text
    assert "Last error: Binance" in text


def test_status_check(shell: Shell) -> None:
    """`--check` ends with 1 while a kept series is late, and with 0 once it is current."""
    late = shell.chandlery("status", "--check")
    assert (late.returncode, late.stderr) == (1, "")
    assert f"{BTC}: 0 candles, late: never collected" in late.stdout
    shell.chandlery("collect")
    fresh = shell.chandlery("status", "--check", "--json")
    assert (fresh.returncode, json.loads(fresh.stdout)["healthy"]) == (0, True)


def test_gaps_of_the_recorded_history(shell: Shell, recorded: Path) -> None:
    """All 55,765 recorded candles are collected, and the 28 outages listed as confirmed empty."""
    path = next((recorded / "gaps").glob("*gapless*"))
    with Sandbox(replay=(path,)) as box:
        shell.settings["BINANCE_URL"] = box.binance_url
        found = report(shell.chandlery("collect", BTC, "--since", "2017-08-17", "--json"))
    assert (found["new"], found["forming"]) == (55_765, 0)
    gaps = json.loads(shell.chandlery("gaps", BTC, "--json").stdout)
    first_ms, last_ms = 1_502_942_400_000, 1_704_150_000_000
    inside = [gap for gap in gaps if gap["start_ms"] > first_ms and gap["end_ms"] <= last_ms]
    assert sum(gap["candles"] for gap in inside) == 170
    empty = [gap["candles"] for gap in inside if gap["reason"] == "empty at the exchange"]
    assert (len(empty), sum(empty)) == (28, 128)
    # Of the 75 hours of February 2018 that the grid misses, 42 have candles beside their places.
    beside = [gap["candles"] for gap in inside if gap["reason"] == "off the grid"]
    assert beside == [42]
    shell.chandlery("export", BTC, "--to", "all.parquet")
    kept = read_candles(shell.folder / "all.parquet")
    assert kept.equals(read_candles(path))
    assert kept.filter(pl.col("open_time").dt.epoch("ms") % 3_600_000 != 0).height == 43


def test_unwritable_folder(shell: Shell) -> None:
    """A data folder that cannot be made is named, with exit code 2."""
    (shell.folder / "file").write_text("")
    done = shell.chandlery("collect", BTC, "--home", "file/inside")
    assert done.returncode == 2
    assert "file/inside" in done.stderr
    assert "Traceback" not in done.stderr


def test_corrupt_store(shell: Shell) -> None:
    """A store that is no database is refused by name and left as it is."""
    home = shell.folder / "chandlery-data"
    home.mkdir()
    (home / "chandlery.db").write_text("this is not a database, it only stands where one should")
    done = shell.chandlery("status")
    assert done.returncode == 2
    assert "chandlery.db" in done.stderr
    assert (home / "chandlery.db").read_text().startswith("this is not a database")


def test_newer_store(shell: Shell) -> None:
    """A store that a newer version has written is refused politely."""
    shell.chandlery("collect", BTC, "--last", "5")
    with sqlite3.connect(shell.folder / "chandlery-data" / "chandlery.db") as database:
        tables = database.execute("select name from sqlite_master where name like '%version%'")
        database.execute(f"update {tables.fetchone()[0]} set version = 99")  # noqa: S608
    database.close()
    done = shell.chandlery("status")
    assert done.returncode == 2
    assert "Update Chandlery" in done.stderr
