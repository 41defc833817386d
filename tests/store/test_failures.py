"""What goes wrong with a database or a disk is told plainly, by the right error."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from chandlery.clock import SystemClock
from chandlery.errors import (
    BadSetting,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreUnreachable,
    StoreUnwritable,
)
from chandlery.store import Store, sqlite_url
from chandlery.store.sql.database import Database
from tests.store.pages import BTC, ETH, hours, page, prices, same

pytestmark = pytest.mark.slow  # many, which take long together

SECRET = "open-sesame"
NOBODY = 65534


@contextmanager
def no_special_rights() -> Iterator[None]:
    """Be an ordinary user for a moment: root may write everywhere."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that other users can look into, which pytest's own folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="chandlery-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def filled(path: Path) -> str:
    """The URL of a store with enough candles to spread over many pages of the file."""
    with Store.open(sqlite_url(path)) as store:
        store.candles.keep(page({n: n for n in range(3000)}), answered=None, source="rest")
    return sqlite_url(path)


def test_rights_of_new_files(tmp_path: Path) -> None:
    """Only the owner can read what we make, whatever characters its path has."""
    path = tmp_path / "new folder #1?%20" / "store.sqlite"
    with Store.open(sqlite_url(path)) as store:
        store.candles.keep(page({1: 1}), answered=None, source="rest")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes) == {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_settings_of_a_connection(sqlite_path: Path) -> None:
    """What was acknowledged survives a power cut, and readers do not wait for writers."""
    database = Database.open(sqlite_url(sqlite_path), wait_seconds=7)
    with database.reading() as conn:
        found = [
            conn.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    database.close()
    assert found == ["wal", 2, 1, 7000]


def test_no_database(sqlite_path: Path) -> None:
    """A file that is something else is named and left as it is."""
    sqlite_path.write_text("open,high,low,close\n" * 100)
    with pytest.raises(StoreCorrupt, match="is not a Chandlery database") as raised:
        Store.open(sqlite_url(sqlite_path))
    assert str(sqlite_path) in str(raised.value)
    assert raised.value.__cause__ is not None
    assert sqlite_path.read_text() == "open,high,low,close\n" * 100


def test_truncated_database(sqlite_path: Path) -> None:
    """A file that lost its second half is refused when it is opened."""
    url = filled(sqlite_path)
    os.truncate(sqlite_path, sqlite_path.stat().st_size // 2)
    with pytest.raises(StoreCorrupt):
        Store.open(url)


def test_damaged_database(sqlite_path: Path) -> None:
    """Damage in the middle is found by the reader who meets it, not read as candles."""
    url = filled(sqlite_path)
    with sqlite_path.open("r+b") as file:
        file.seek(sqlite_path.stat().st_size // 2)
        file.write(b"\xff" * 200_000)
    with Store.open(url) as store, pytest.raises(StoreCorrupt, match="backup"):
        store.candles.read(BTC)


def test_full_disk(sqlite_path: Path) -> None:
    """When no room is left nothing of the page is kept, and the store works on afterwards."""
    database = Database.open(sqlite_url(sqlite_path))
    store = Store(database, SystemClock())
    store.candles.keep(page({1: 1}), answered=hours(1, 2), source="rest")
    with database.writing() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")
    many = page({n: n for n in range(2, 3000)})
    with pytest.raises(StoreFull, match="free some space"):
        store.candles.keep(many, answered=hours(2, 3000), source="rest")
    assert prices(store.candles.read(BTC)) == same({1: 1})
    assert store.ledger.answered(BTC) == [hours(1, 2)]
    assert store.catalogue()[0].candles == 1
    with database.writing() as conn:
        conn.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert store.candles.keep(many, answered=None, source="rest").new == 2998
    store.close()


def test_locked_file(sqlite_path: Path) -> None:
    """Patience ends: a writer that waited long enough says who is in the way; readers go on."""
    url = filled(sqlite_path)
    with (
        Store.open(url, wait_seconds=0.05) as store,
        closing(sqlite3.connect(sqlite_path)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked, match="another process"):
            store.candles.keep(page({1: 9}), answered=None, source="rest")
        assert len(store.candles.read(BTC, last=5)) == 5


def test_folder_below_a_file(tmp_path: Path) -> None:
    """A folder that cannot be made is an error of the store, not of Python."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnwritable, match="Check the rights"):
        Store.open(sqlite_url(tmp_path / "file" / "store.sqlite"))


def test_folder_without_rights(public_folder: Path) -> None:
    """A data folder in which one may not write is named, and stays empty."""
    public_folder.chmod(0o555)
    path = public_folder / "store.sqlite"
    with no_special_rights(), pytest.raises(StoreUnwritable, match=str(path)):
        Store.open(sqlite_url(path))
    assert list(public_folder.iterdir()) == []


def test_file_without_rights(public_folder: Path) -> None:
    """A store that one may only read is refused."""
    url = filled(public_folder / "store.sqlite")
    (public_folder / "store.sqlite").chmod(0o444)
    with no_special_rights(), pytest.raises(StoreUnwritable):
        Store.open(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "store.sqlite",
        "sqlite://",
        "sqlite:///:memory:",
        f"mysql://me:{SECRET}@host/database",
        f"postgresql://me:{SECRET}@host:port/database",
    ],
)
def test_no_store_url(url: str) -> None:
    """A URL that names no store is a bad setting; the message shows how to write one."""
    with pytest.raises(BadSetting, match="sqlite:////") as raised:
        Store.open(url)
    assert SECRET not in str(raised.value)


def test_no_server(tmp_path: Path) -> None:
    """A PostgreSQL that is not there is unreachable; the password is not shown."""
    url = f"postgres://me:{SECRET}@/database?host={tmp_path}"
    with pytest.raises(StoreUnreachable, match="server runs") as raised:
        Store.open(url)
    assert SECRET not in f"{raised.value} {raised.value.__cause__}"


def test_server_without_the_database(postgres_url: str) -> None:
    """The server's own words say which database is missing."""
    with pytest.raises(StoreUnreachable, match='"nowhere" does not exist'):
        Store.open(postgres_url.replace("/postgres?", "/nowhere?"))


def test_server_without_the_schema(postgres_url: str) -> None:
    """A search path that leads nowhere cannot be written."""
    with pytest.raises(StoreUnwritable, match="no schema has been selected"):
        Store.open(f"{postgres_url}_missing")


def test_wrong_password(guest_url: str) -> None:
    """A refused login shows user and host, but neither the wrong nor the right password."""
    Store.open(guest_url).close()
    wrong = guest_url.replace("guest:welcome", f"guest:{SECRET}")
    with pytest.raises(StoreUnreachable, match="password authentication failed") as raised:
        Store.open(wrong)
    assert "guest:***@" in str(raised.value)
    assert SECRET not in f"{raised.value} {raised.value.__cause__}"


def test_server_restart_goes_unnoticed(postgres_url: str) -> None:
    """Connections that the server dropped while nobody used them are replaced."""
    with Store.open(postgres_url) as store:
        store.candles.keep(page({1: 1}), answered=None, source="rest")
        with psycopg.connect(postgres_url) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        assert len(store.candles.read(BTC)) == 1


def test_locked_series(postgres_url: str) -> None:
    """In PostgreSQL only the writers of one series wait for each other, and not for ever."""
    with Store.open(postgres_url, wait_seconds=0.05) as store:
        for series in (BTC, ETH):
            store.candles.keep(page({1: 1}, series=series), answered=None, source="rest")
        with psycopg.connect(postgres_url) as other:
            other.execute("SELECT * FROM series WHERE symbol = 'BTCUSDT' FOR UPDATE")
            with pytest.raises(StoreLocked, match="another process"):
                store.candles.keep(page({1: 2}), answered=None, source="rest")
            kept = store.candles.keep(page({1: 2}, series=ETH), answered=None, source="rest")
    assert kept.revised == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("53100", StoreFull),
        ("53300", StoreUnreachable),
        ("57P01", StoreUnreachable),
        ("XX001", StoreCorrupt),
        ("25006", StoreUnwritable),
        ("42501", StoreUnwritable),
        ("40P01", StoreLocked),
        ("P0001", StoreError),
    ],
)
def test_errors_of_the_server(postgres_url: str, code: str, kind: type[StoreError]) -> None:
    """Each failure of the server during a write has its own error, and nothing is kept."""
    with Store.open(postgres_url) as store:
        with psycopg.connect(postgres_url) as conn:
            conn.execute(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$; "
                "CREATE TRIGGER fail BEFORE INSERT ON candle EXECUTE FUNCTION fail()".encode()
            )
        with pytest.raises(StoreError) as raised:
            store.candles.keep(page({1: 1}), answered=hours(1, 2), source="rest")
        assert type(raised.value) is kind
        assert store.catalogue() == []
