"""What the program makes is for its owner; the files that people ask for have their usual rights.

Tried under the two umasks that go wrong: one that hides nothing, and one that hides all.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chandlery.sandbox import Sandbox
from chandlery.web import Server, create_app
from tests.cli.conftest import Shell
from tests.collect.rehearsal import EARLY_MS
from tests.torture.intruder import raw
from tests.web.fake_keeper import keeper_with_candles

SERIES = "binance:SOLUSDT:1m"
PUBLIC = 0o000
PRIVATE = 0o077


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange that listed SOLUSDT eight weeks ago."""
    with Sandbox(now_ms=EARLY_MS, speed=0) as running:
        yield running


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Let new files have other rights for a while."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The rights of everything in a folder, by its path there; the folder itself is `.`."""
    found = {".": folder, **{str(one.relative_to(folder)): one for one in folder.rglob("*")}}
    return {name: stat.S_IMODE(path.stat().st_mode) for name, path in found.items()}


def fine(done: subprocess.CompletedProcess[str]) -> None:
    """Nothing went wrong."""
    assert done.returncode == 0, done.stderr


def collected(folder: Path, box: Sandbox) -> Shell:
    """A folder in which candles were collected, backfilled and exported."""
    urls = {key.removeprefix("CHANDLERY_"): url for key, url in box.addresses.items()}
    shell = Shell(folder, {**urls, "SERIES": SERIES, "LAKE_URL": str(folder / "far" / "lake")})
    fine(shell.chandlery("backfill", SERIES, "--since", "2020-09-01"))
    fine(shell.chandlery("collect"))
    fine(shell.chandlery("export", SERIES, "--last", "9", "--to", "mine.parquet"))
    return shell


def test_nothing_is_shared(tmp_path: Path, box: Sandbox) -> None:
    """Under umask 000 store, budget and lake, in a place of its own, are the owner's alone."""
    with umask(PUBLIC):
        collected(tmp_path, box)
        found = modes(tmp_path)
    for folder in ("chandlery-data", "far/lake", "far/lake/binance", "far/lake/binance/1m"):
        assert oct(found[folder]) == oct(0o700), folder
    inside = {name: mode for name, mode in found.items() if name.startswith("chandlery-data/")}
    assert {"chandlery-data/chandlery.db", "chandlery-data/budget.db"} <= inside.keys()
    assert {name: oct(mode) for name, mode in inside.items() if mode & 0o077} == {}
    # What people asked for has the rights that they give to new files.
    assert {oct(found[name]) for name in ("crypto.csv", "mine.parquet")} == {oct(0o666)}
    assert oct(found[".crypto.csv.lock"]) == oct(0o600)


def test_files_of_people_follow_them(tmp_path: Path, box: Sandbox) -> None:
    """Under umask 077 CSV and export are hidden too, and a file that was there keeps its rights."""
    with umask(PRIVATE):
        shell = collected(tmp_path, box)
        found = modes(tmp_path)
        assert {oct(found[name]) for name in ("crypto.csv", "mine.parquet")} == {oct(0o600)}
        (tmp_path / "crypto.csv").chmod(0o640)
        (tmp_path / "crypto.csv").write_text("")
        fine(shell.chandlery("collect"))
    assert oct(modes(tmp_path)["crypto.csv"]) == oct(0o640)


WANTED = (
    "/chandlery-data/chandlery.db",
    "/static/../chandlery-data/chandlery.db",
    "/static/%2e%2e/%2e%2e/headers.py",
    "/static/..%2f..%2fheaders.py",
    "/static/%2e%2e%2fserver.py",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static/assets/..%5c..%5cserver.py",
    "/static/server.py%00.js",
)
FOLDERS = ("/static", "/static/", "/static/assets", "/static/assets/", "/api", "/chandlery-data/")


def test_nothing_else_is_served() -> None:
    """Neither the store's folder nor the program's own files are had, and no folder is listed."""
    with Server(create_app(keeper_with_candles(2)), port=0) as server:
        for path in WANTED + FOLDERS:
            head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            answer = raw(server.port, head.encode())
            assert answer.status in {308, 400, 404}, path
            assert not [
                word for word in (b"import ", b"root:", b"SQLite", b".js") if word in answer.body
            ]
