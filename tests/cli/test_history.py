"""`chandlery plan`, `backfill`, `gaps` and `verify` as people and programs run them."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final

import pytest

from chandlery.sandbox import Sandbox
from tests.cli.conftest import Shell
from tests.collect.rehearsal import LISTED_MS, NOW_MS, SOL, afresh, rehearsing

pytestmark = pytest.mark.slow  # many, which take long together

HOURS: Final = 1_684
"""From the listing to the last close."""
OUTAGE: Final = "2020-09-25 07:00:00 UTC to 2020-09-25 09:00:00 UTC"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange, ten weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=NOW_MS, speed=0) as running:
        yield running


@pytest.fixture(autouse=True)
def behaving(box: Sandbox) -> None:
    """The exchange behaves at the beginning of each test."""
    afresh(box)


@pytest.fixture
def shell(tmp_path: Path, box: Sandbox) -> Shell:
    """An empty folder whose settings lead to the sandbox and its archive."""
    urls = {name.removeprefix("CHANDLERY_"): url for name, url in box.addresses.items()}
    return Shell(tmp_path, urls)


def backfilled(
    shell: Shell, box: Sandbox, *, since: str | None = None, until: str | None = None
) -> None:
    """Have the history of SOLUSDT in the folder, all of it or a part."""
    with rehearsing(box, shell.folder / "chandlery-data") as desk:
        assert desk.keeper.backfill(SOL, since=since, until=until).ok


def parsed(done: CompletedProcess[str]) -> list[dict[str, Any]]:
    """What a program reads."""
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def sql(shell: Shell, statement: str) -> None:
    """Change the store behind its back."""
    base = sqlite3.connect(shell.folder / "chandlery-data" / "chandlery.db")
    assert base.execute(statement).rowcount > 0
    base.commit()
    base.close()


class TestPlan:
    """What is said before anything is fetched."""

    def test_text(self, shell: Shell) -> None:
        """Files, spans over REST, requests, weight, bytes, disk, time and what cannot be had."""
        done = shell.chandlery("plan", SOL)
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert lines[0] == f"{SOL}: 2020-08-11 06:00:00 UTC to 2020-10-20 10:00:00 UTC"
        months = "SOLUSDT-1h-2020-08.zip to SOLUSDT-1h-2020-09.zip"
        assert re.fullmatch(rf"  monthly files  2, [\d.]+ kB: {months}", lines[1])
        assert re.fullmatch(r"  daily files    19, [\d.]+ kB: \S+01.zip to \S+19.zip", lines[2])
        assert lines[3].startswith("  over REST      1 page: 2020-10-20 00:00:00 UTC to 2020-10-20")
        assert lines[4].endswith(
            "43: two for each of 21 files and 1 page of weight 2 (limit 6,000 a minute)"
        )
        assert lines[5] == f"  candles        at most {HOURS:,}"
        assert re.fullmatch(r"  to fetch       [\d.]+ kB; on disk about 50.5 kB", lines[6])
        assert lines[7].startswith("  expected time  under a second")
        assert lines[8] == "  not to be had  before 2020-08-11 06:00:00 UTC SOLUSDT had no candles"
        assert len(lines) == 9

    def test_json(self, shell: Shell, box: Sandbox) -> None:
        """For programs the same, file by file; and no file was fetched."""
        [plan] = parsed(shell.chandlery("plan", SOL, "--json"))
        assert (plan["series"], plan["start_ms"], plan["candles"]) == (SOL, LISTED_MS, HOURS)
        assert (len(plan["monthly"]), len(plan["daily"]), plan["requests"]) == (2, 19, 43)
        assert (plan["weight"], plan["pages"], plan["held"]) == (2, 1, False)
        assert plan["bytes"] > sum(file["size"] for file in plan["monthly"] + plan["daily"])
        assert plan["unobtainable"] == ["before 2020-08-11 06:00:00 UTC SOLUSDT had no candles"]
        assert box.requests.count(".zip") == 0

    def test_held_and_nothing(self, shell: Shell, box: Sandbox) -> None:
        """A series that is held, and a time before its listing, are told apart."""
        backfilled(shell, box)
        held = shell.chandlery("plan", SOL).stdout
        assert held.startswith(
            f"{SOL}: all is held, 2020-08-11 06:00:00 UTC to 2020-10-20 10:00:00 UTC\n"
        )
        early = shell.chandlery("plan", SOL, "--until", "2019-01-01")
        assert early.stdout.startswith(f"{SOL}: nothing to fetch\n  not to be had  before 2020")
        assert "is taken as UTC" in early.stderr

    def test_several(self, shell: Shell) -> None:
        """Patterns stand for series; what is wrong with one does not keep the others."""
        done = shell.chandlery("plan", "binance:SOLUSD:1d", "binance:SO*USDT:1d", "--json")
        assert done.returncode == 2
        assert [plan["series"] for plan in parsed(done)] == ["binance:SOLUSDT:1d"]
        assert "binance has no symbol 'SOLUSD'. Nearest: SOLUSDT" in done.stderr

    @pytest.mark.parametrize(
        ("words", "code", "why"),
        [
            (["binance:ZZ*:1d"], 2, "no symbol 'ZZ*'"),
            (["SOLUSDT"], 2, "is not a series"),
            ([SOL, "--since", "2030-01-01"], 2, "Nothing has happened yet"),
            ([SOL, "--since", "soon"], 2, "is no time"),
        ],
    )
    def test_refused(self, shell: Shell, words: list[str], code: int, why: str) -> None:
        """What cannot be planned is said in a line, with exit code 2."""
        done = shell.chandlery("plan", *words)
        assert (done.returncode, done.stdout) == (code, "")
        assert why in done.stderr
        assert "Traceback" not in done.stderr

    def test_exchange_is_away(self, shell: Shell) -> None:
        """Without the exchange there is no plan, with exit code 1."""
        shell.settings["BINANCE_URL"] = "http://127.0.0.1:9"
        done = shell.chandlery("plan", SOL)
        assert done.returncode == 1
        assert "cannot be reached" in done.stderr


class TestBackfill:
    """Doing it."""

    def test_text(self, shell: Shell) -> None:
        """What came, from where, and in what it went otherwise than planned; twice is nothing."""
        done = shell.chandlery("backfill", SOL)
        assert (done.returncode, done.stderr) == (0, "")
        first, *rest = done.stdout.splitlines()
        came = f"{SOL}: 1,682 new, 0 unchanged, 0 revised (21 archive files with"
        assert first.startswith(came)
        assert ", 2 pages over REST, " in first
        assert rest == [
            "  otherwise than planned:",
            "    Pages asked over REST: 2, planned: 1.",
            "    Candles that came: 1,682, room for them: 1,684.",
        ]
        again = shell.chandlery("backfill", SOL).stdout
        assert again.startswith(f"{SOL}: 0 new, 0 unchanged, 0 revised (0 archive files with")
        assert again.count("\n") == 1

    def test_json(self, shell: Shell) -> None:
        """For programs, with the plan beside it."""
        [report] = parsed(shell.chandlery("backfill", SOL, "--json"))
        assert (report["files"], report["pages"], report["new"]) == (21, 2, 1_682)
        assert (report["error"], report["contradicted"]) == (None, 0)
        assert report["plan"]["candles"] == HOURS
        assert len(report["differences"]) == 2

    def test_rest_fails(self, shell: Shell, box: Sandbox) -> None:
        """What REST refuses makes exit code 1; what files had is kept, and the rest comes later."""
        backfilled(shell, box, until="2020-08-12")
        box.faults.always("451", path="klines", service="binance")
        done = shell.chandlery("backfill", SOL)
        assert done.returncode == 1
        assert "  not finished: " in done.stdout
        assert "  What has come is kept. Start it again" in done.stdout
        told = shell.chandlery("gaps", SOL).stdout
        assert "archive not published yet\n    asked " in told
        assert f"{OUTAGE}        2 candles  failed\n" in told
        assert "\n    one try: " in told
        gaps = parsed(shell.chandlery("gaps", SOL, "--json"))
        reasons = [gap["reason"] for gap in gaps]
        assert reasons == [
            "before listing",
            "failed",
            "archive not published yet",
            "never asked",
        ]
        assert (gaps[1]["tries"], gaps[1]["source"], gaps[1]["candles"]) == (1, "rest", 2)
        box.faults.clear()
        assert shell.chandlery("backfill", SOL).returncode == 0

    def test_recheck(self, shell: Shell, box: Sandbox) -> None:
        """Files that were published again are fetched first, and what was revised is counted."""
        backfilled(shell, box)
        box.clock.advance(60)
        box.revise("SOLUSDT", "1h", LISTED_MS + 50 * 3_600_000)
        box.spoil_archive("reissue", "SOLUSDT-1h-2020-08.zip")
        box.spoil_archive("missing", "SOLUSDT-1h-2020-10-01")
        done = shell.chandlery("backfill", SOL, "--recheck")
        looked, one, gone, _ = done.stdout.splitlines()
        assert looked.startswith(f"{SOL}: 21 archive files looked at, 1 re-issued: 0 new, ")
        assert looked.endswith("1 revised, 0 otherwise than REST gave them")
        assert one.startswith("  re-issued: data/spot/monthly")
        assert gone.startswith("  gone from the archive; its candles stay: data/spot/daily")
        [report] = parsed(shell.chandlery("backfill", SOL, "--recheck", "--json"))
        assert (report["recheck"]["looked_at"], report["recheck"]["reissued"]) == (21, [])

    @pytest.mark.slow
    def test_lines(self, shell: Shell, box: Sandbox) -> None:
        """Where stderr is no terminal, a long backfill says in lines how far it is."""
        box.faults.always("latency", path=".zip", service="archive", seconds=0.7)
        done = shell.chandlery("backfill", SOL)
        told = [line for line in done.stderr.splitlines() if line.startswith(f"{SOL}: ")]
        assert len(told) >= 1
        line = (
            r"[\d,]+ candles, [\d.]+ kB \([\d,]+ a second\), at 2020-\S+ \S+, about [\d,]+ s left"
        )
        assert re.match(f"{SOL}: {line} \\(\\d+% done\\)", told[0])

    @pytest.mark.slow
    def test_bar(self, shell: Shell, box: Sandbox) -> None:
        """At a terminal a bar shows candles, bytes, rate, time left and the date reached."""
        box.faults.always("latency", path=".zip", service="archive", seconds=0.3)
        ours, theirs = os.openpty()
        words = [sys.executable, "-m", "chandlery", "backfill", SOL]
        environment = shell.environment() | {"COLUMNS": "160", "TERM": "xterm"}
        running = subprocess.Popen(
            words, cwd=shell.folder, env=environment, stdout=subprocess.DEVNULL, stderr=theirs
        )
        os.close(theirs)
        shown = read_to_end(ours)
        assert running.wait(60) == 0
        text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
        assert re.search(
            rf"\d+% +\d:\d\d:\d\d +{SOL}: [\d,]+ candles, [\d.]+ kB \([\d,]+ a second", text
        )
        assert re.search(r"a second\), at 2020-\d\d-\d\d", text)


def read_to_end(terminal: int) -> str:
    """What is shown at a terminal until its other side has gone."""
    shown = b""
    with suppress(OSError):
        while piece := os.read(terminal, 4096):
            shown += piece
    os.close(terminal)
    return shown.decode()


class TestGaps:
    """What is missing, and why."""

    def test_text(self, shell: Shell, box: Sandbox) -> None:
        """Every gap has its reason in one line and the evidence in the next."""
        backfilled(shell, box)
        done = shell.chandlery("gaps", SOL)
        lines = done.stdout.splitlines()
        assert re.fullmatch(
            r"the beginning of time +to 2020-08-11 06:\S+ UTC +before listing", lines[0]
        )
        assert re.fullmatch(r"    asked 20\S+ \S+ UTC by rest /api/v3/klines\?.*limit=1", lines[1])
        assert re.fullmatch(f"{OUTAGE} +2 candles  empty at the exchange", lines[2])
        assert "startTime=1601017200000" in lines[3]
        # The exchange's time stands still, and this machine's has gone on.
        assert lines[4].startswith("2020-10-20 10:00:00 UTC to ")
        assert lines[4].endswith(" candles  never asked")
        assert re.fullmatch(f"{SOL}: 2 gaps, [\\d,]+ candles missing\n", done.stderr)

    def test_repair(self, shell: Shell, box: Sandbox) -> None:
        """Asking again stores what was missing, and says what came."""
        backfilled(shell, box, until="2020-08-20")
        backfilled(shell, box, since="2020-10-10")
        done = shell.chandlery("gaps", SOL, "--repair", "--json")
        assert done.returncode == 0
        assert re.search(r"1,\d\d\d new, .*; asked 2 gaps again", done.stderr)
        assert [gap["candles"] for gap in parsed(done)][:2] == [None, 2]

    def test_repair_fails(self, shell: Shell, box: Sandbox) -> None:
        """A repair that the network refuses ends with 1 and lists the gaps all the same."""
        backfilled(shell, box, until="2020-08-20")
        box.faults.always("451", path="klines", service="binance")
        done = shell.chandlery("gaps", SOL, "--repair")
        assert done.returncode == 1
        assert "candles  failed" in done.stdout

    def test_unknown(self, shell: Shell, box: Sandbox) -> None:
        """A series that is not kept is refused with the nearest that is."""
        backfilled(shell, box)
        for verb in ("gaps", "verify"):
            done = shell.chandlery(verb, "binance:SOLUSDT:2h")
            assert done.returncode == 2
            assert f"Nothing of binance:SOLUSDT:2h is kept. Nearest: {SOL}." in done.stderr


class TestVerify:
    """The proof."""

    def test_agrees(self, shell: Shell, box: Sandbox) -> None:
        """All that is kept is recounted, and accounted for."""
        backfilled(shell, box)
        done = shell.chandlery("verify")
        assert done.returncode == 0
        assert re.fullmatch(
            f"{SOL}: ledger, catalogue and candles agree; 1,682 candles recounted in [0-9.]+ s, "
            "2 places empty at the exchange, 0 failed, 0 never asked: 100 % accounted for\n",
            done.stdout,
        )
        [proof] = parsed(shell.chandlery("verify", SOL, "--json"))
        assert (proof["holds"], proof["accounted"], proof["candles"]) == (True, 1.0, 1_682)

    def test_nothing(self, shell: Shell) -> None:
        """An empty store holds what it promises."""
        done = shell.chandlery("verify", "--json")
        assert (done.returncode, parsed(done)) == (0, [])

    @pytest.mark.parametrize(
        ("statement", "found"),
        [
            ("DELETE FROM candle WHERE open_ms % 10 = 0 AND open_ms >= 1603180800000", "lost: "),
            ("UPDATE ledger SET state = 'empty' WHERE state = 'stored'", "surplus: "),
            ("UPDATE series SET candles = candles + 1", "candles: the catalogue says 1683"),
        ],
    )
    def test_disagrees(self, shell: Shell, box: Sandbox, statement: str, found: str) -> None:
        """A store that was changed behind its back is found out, with exit code 1."""
        backfilled(shell, box)
        sql(shell, statement)
        done = shell.chandlery("verify", SOL)
        assert done.returncode == 1
        assert "ledger, catalogue and candles DISAGREE" in done.stdout
        assert f"\n  {found}" in done.stdout

    def test_not_accounted_for(self, shell: Shell, box: Sandbox) -> None:
        """A hole that nobody has asked about is no disagreement, and takes its share."""
        backfilled(shell, box, until="2020-08-20")
        backfilled(shell, box, since="2020-10-10")
        done = shell.chandlery("verify", SOL)
        assert done.returncode == 0
        assert re.search(r"1,\d\d\d never asked: 2\d\.\d\d % accounted for", done.stdout)
