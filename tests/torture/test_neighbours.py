"""Neighbours on one store: who holds it, undoes our work, lets nobody in, or takes no writes."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest

from chandlery.errors import StoreError, StoreLocked, StoreUnreachable, StoreUnwritable
from chandlery.store import Kept, Store, sqlite_url
from tests.postgres import Postgres, postgres_server
from tests.store import crowd as at_once
from tests.store.crowd import Crowd
from tests.store.pages import BTC, hours, page, prices, same
from tests.torture import neighbour_work
from tests.torture.lengths import scaled
from tests.torture.stage import stage

PROCESSES: Final = scaled(short=4, full=10)
_NUMBERS = itertools.count(1)
HOLDS: Final = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1])
conn.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that can be stopped and told to behave otherwise."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    """Processes that work at the same moment."""
    with Crowd(PROCESSES) as processes:
        yield processes


@pytest.fixture
def url(postgres: Postgres) -> str:
    """The URL of an empty schema."""
    schema = f"neighbours_{next(_NUMBERS)}"
    with psycopg.connect(postgres.url) as conn:
        conn.execute(f"CREATE SCHEMA {schema}".encode())
    return f"{postgres.url}&options=-csearch_path%3D{schema}"


def told(url: str, words: str) -> None:
    """Have PostgreSQL do something, at once."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = off")
        conn.execute(words.encode())


def keep(store: Store, *opens: int) -> Kept:
    """Keep candles of these hours."""
    return store.candles.keep(page({n: n for n in opens}), answered=None, source="rest")


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who holds a lock")
def test_who_holds_a_file(tmp_path: Path) -> None:
    """Whoever waited in vain for a SQLite file is told which process has it; nothing is lost."""
    path = tmp_path / "store.sqlite"
    with Store.open(sqlite_url(path), wait_seconds=0.1) as store:
        assert keep(store, 1).new == 1
        other = subprocess.Popen(
            [sys.executable, "-c", HOLDS, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            with pytest.raises(StoreLocked, match=rf"it is process {other.pid} \(python"):
                keep(store, 2)
        finally:
            other.communicate()
        assert keep(store, 2).new == 1
        assert prices(store.candles.read(BTC)) == same({1: 1, 2: 2})


def test_a_file_that_only_this_process_holds(tmp_path: Path) -> None:
    """A lock of our own process is not told as another's."""
    path = tmp_path / "store.sqlite"
    with Store.open(sqlite_url(path), wait_seconds=0.1) as store:
        conn = sqlite3.connect(path)
        conn.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked) as raised:
            keep(store, 1)
        conn.close()
    assert "it is process" not in str(raised.value)


@pytest.mark.slow  # starts a server
def test_a_deadlock(url: str) -> None:
    """What PostgreSQL undoes in favour of another transaction is done again, and kept once."""
    with Store.open(url) as store, psycopg.connect(url) as other:
        keep(store, 1)
        other.execute("SET deadlock_timeout = '10min'")  # so that ours is the one undone
        other.execute("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE")
        done: list[Kept] = []
        ours = threading.Thread(target=lambda: done.append(keep(store, 2)))
        ours.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        with psycopg.connect(url, autocommit=True) as look:
            while look.execute(waiting).fetchone() == (0,):
                pass
        other.execute("SELECT * FROM series FOR UPDATE")  # closes the ring
        other.rollback()
        ours.join(30)
        assert done == [Kept(new=1)]
        assert prices(store.candles.read(BTC)) == same({1: 1, 2: 2})


@pytest.mark.slow  # starts processes
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_all_at_once(
    crowd: Crowd, tmp_path: Path, request: pytest.FixtureRequest, engine: str
) -> None:
    """Many collect the same series while others fold, read and export: each candle is new once."""
    path = sqlite_url(tmp_path / "store.sqlite")
    store_url = path if engine == "sqlite" else str(request.getfixturevalue("url"))
    truth = tmp_path / "truth.parquet"
    with stage(store_url, tmp_path) as on:
        on.served.write_parquet(truth)
        rounds = scaled(short=12, full=60)
        kept = crowd.all_at_once(neighbour_work.work, on.settings, str(truth), rounds)
    assert sum(kept, Kept()).new == on.served.height
    assert sum(kept, Kept()).revised == 0
    with on.keeper() as keeper:
        on.ends_whole(keeper)


@pytest.mark.slow  # starts processes
def test_a_strict_server(crowd: Crowd, url: str) -> None:
    """Where transactions are serializable by default, all keep the same page and none fails."""
    told(url, "ALTER DATABASE postgres SET default_transaction_isolation = 'serializable'")
    rows = {hour: hour for hour in range(200)}
    try:
        kept = crowd.all_at_once(at_once.keep_same, url, rows, hours(0, 200))
    finally:
        told(url, "ALTER DATABASE postgres RESET default_transaction_isolation")
    assert sum(kept, Kept()) == Kept(new=200, unchanged=200 * (PROCESSES - 1))
    with Store.open(url) as store:
        assert prices(store.candles.read(BTC)) == rows
        assert store.prove(BTC).holds


@pytest.mark.slow  # starts a server
def test_failed_over(url: str) -> None:
    """A connection that leads to a standby says so, and is left for one that takes writes."""
    with Store.open(url) as store:
        keep(store, 1)
    told(url, "ALTER ROLE postgres SET default_transaction_read_only = on")
    try:
        with Store.open(url) as store:
            with pytest.raises(StoreUnwritable, match="it may be a standby, after a fail-over"):
                keep(store, 2)
            assert prices(store.candles.read(BTC)) == same({1: 1})
            told(url, "ALTER ROLE postgres RESET default_transaction_read_only")
            with pytest.raises(StoreUnwritable):
                keep(store, 2)  # the connection of the reader was a standby's too
            assert keep(store, 2).new == 1
    finally:
        told(url, "ALTER ROLE postgres RESET default_transaction_read_only")


@pytest.mark.slow  # starts a server
def test_no_connection_left(url: str) -> None:
    """A server that lets nobody in any more says what to do; with room it goes on."""
    told(url, "CREATE ROLE crowded LOGIN CONNECTION LIMIT 1")
    told(url, "GRANT ALL ON DATABASE postgres TO crowded")
    crowded = url.replace("postgres@", "crowded@", 1)
    with (
        psycopg.connect(crowded),
        pytest.raises(StoreUnreachable, match="raise its max_connections"),
    ):
        Store.open(crowded)


@pytest.mark.slow  # starts a server
def test_a_statement_that_takes_too_long(url: str) -> None:
    """A time limit of the server is told as one, and nothing was half written."""
    with Store.open(url) as store:
        keep(store, 1)
    short = url.replace("options=", "options=-cstatement_timeout%3D100%20", 1)
    with Store.open(short) as store, psycopg.connect(url) as other:
        other.execute("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreError, match="Raise its statement_timeout"):
            keep(store, 2)
        other.rollback()
        assert prices(store.candles.read(BTC)) == same({1: 1})
        assert keep(store, 2).new == 1


@pytest.mark.slow  # starts a server
def test_restarted_between_two_pages(postgres: Postgres, url: str) -> None:
    """A server that is away is told as such; when it is back, the same store goes on."""
    with Store.open(url) as store:
        keep(store, 1)
        postgres.stop()
        try:
            with pytest.raises(StoreUnreachable, match="server runs"):
                keep(store, 2)
        finally:
            postgres.start()
        assert keep(store, 2).new == 1
        assert prices(store.candles.read(BTC)) == same({1: 1, 2: 2})
        assert store.prove(BTC).holds
