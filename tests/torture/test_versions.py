"""Two versions of the program on one store: the older one refuses politely, at every door."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from chandlery.clock import SystemClock
from chandlery.collect.keeper import Keeper
from chandlery.errors import StoreTooNew
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from chandlery.store import Store, sqlite_url
from chandlery.store.sql.database import Database
from chandlery.store.sql.migrations import MIGRATIONS
from chandlery.web import create_app
from tests.cli.conftest import Shell
from tests.schedule.rack import Rack
from tests.store.pages import BTC, page, prices, same

SERIES = "binance:BTCUSDT:1h"
REFUSED = f"schema version {len(MIGRATIONS) + 1}"
DOORS = (
    ("collect",),
    ("backfill", SERIES),
    ("plan", SERIES),
    ("show", SERIES),
    ("status",),
    ("gaps", SERIES),
    ("verify", SERIES),
    ("export", SERIES, "--to", "out.csv"),
    ("sql", "SELECT 1"),
    ("caps",),
    ("keep", SERIES),
    ("schedule",),
    ("serve", "--port", "0"),
    ("up", "--port", "0"),
    ("worker", "--embedded"),
)


def add_column(conn: sa.Connection, _words: Mapping[str, str]) -> None:
    """What a later version could want."""
    conn.execute(sa.text("ALTER TABLE candle ADD COLUMN later TEXT"))


def carry_forward(path: Path) -> None:
    """Do what a newer program does when it opens the store."""
    Database.open(sqlite_url(path), migrations=[*MIGRATIONS, add_column]).close()


def later(path: Path) -> Store:
    """The store as the newer program has it open."""
    database = Database.open(sqlite_url(path), migrations=[*MIGRATIONS, add_column])
    return Store(database, SystemClock())


@pytest.mark.parametrize("words", DOORS, ids=lambda words: words[0])
def test_every_command(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Every command ends with code 2 and one line that says what to do, and writes nothing."""
    home = tmp_path / "home"
    home.mkdir()
    carry_forward(home / "chandlery.db")
    before = (home / "chandlery.db").read_bytes()
    shell = Shell(tmp_path, {"HOME": str(home), "SERIES": SERIES})
    done = shell.chandlery(*words)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert REFUSED in done.stderr
    assert "Update Chandlery" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (home / "chandlery.db").read_bytes() == before


def test_carried_forward_under_an_open_store(tmp_path: Path) -> None:
    """Who has the store open when a newer program carries it forward reads and writes no more."""
    path = tmp_path / "store.sqlite"
    with Store.open(sqlite_url(path)) as store:
        store.candles.keep(page({1: 1}), answered=None, source="rest")
        carry_forward(path)
        for _ in range(2):
            with pytest.raises(StoreTooNew, match=REFUSED):
                store.candles.keep(page({2: 2}), answered=None, source="rest")
            with pytest.raises(StoreTooNew, match=REFUSED):
                store.candles.read(BTC)
    with later(path) as store:
        assert prices(store.candles.read(BTC)) == same({1: 1})


def test_carried_forward_under_a_server(tmp_path: Path) -> None:
    """The pages and the interface of the older program say so, and serve nothing half read."""
    settings = read_settings(home=tmp_path, csv="", series=SERIES)
    with Keeper(settings) as keeper:
        client = create_app(keeper).test_client()
        assert client.get(f"/api/v1/candles?series={SERIES}").status_code == 200
        carry_forward(settings.database_path)
        for path in ("/healthz", "/api/v1/status", "/api/v1/series"):
            answer = client.get(path)
            assert answer.status_code == 503, (path, answer.status_code)
            assert REFUSED in answer.text, (path, answer.text)


@pytest.mark.slow  # starts programs
def test_carried_forward_under_celery(tmp_path: Path) -> None:
    """An older worker and beat say so, write nothing more, and those that are started end."""
    with Sandbox() as box:
        settings = {
            "SERIES": "binance:BTCUSDT:1s",
            "CSV": "",
            "BINANCE_URL": box.binance_url,
            "COINGECKO_URL": box.coingecko_url,
        }
        with Rack(tmp_path, settings) as rack:
            worker, beat = rack.worker("-P", "threads", "-c", "2"), rack.beat()
            worker.until("succeeded", times=2)
            path = next(tmp_path.rglob("chandlery.db"))
            carry_forward(path)
            # Where the beat has learned of it first, the worker is asked for nothing any more.
            sent = "app.tasks['chandlery.collect'].delay('binance:BTCUSDT:1s')"
            assert rack.python(f"from tasks import app; {sent}").returncode == 0
            for program in (worker, beat):
                program.until(REFUSED)
            with later(path) as store:
                before = store.catalogue()
                time.sleep(3)  # in which a series of seconds would be collected
                assert store.catalogue() == before
            for program in (rack.worker("-P", "threads"), rack.beat()):
                program.until(REFUSED)
                assert program.wait() == 2
            assert "Traceback" not in "".join(program.log for program in rack.programs)
