"""Every test that asks for a `url` or a `store` runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from chandlery.clock import FrozenClock
from chandlery.store import Store, sqlite_url
from tests.postgres import postgres_server
from tests.store.crowd import Crowd
from tests.store.eager import EVERYTHING, SMALL, EagerStore

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the tests."""
    with postgres_server() as server:
        yield server.url


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """The URL of an empty PostgreSQL schema."""
    schema = f"test_{next(_NUMBERS)}"
    with psycopg.connect(postgres) as conn:
        conn.execute(f"CREATE SCHEMA {schema}".encode())
    return f"{postgres}&options=-csearch_path%3D{schema}"


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    """Where a SQLite store may be made."""
    return tmp_path / "store.sqlite"


ON_POSTGRES = pytest.param("postgres", marks=pytest.mark.slow)
"""Every such test needs a server."""


@pytest.fixture(params=["sqlite", ON_POSTGRES])
def url(request: pytest.FixtureRequest, sqlite_path: Path) -> str:
    """The URL of a store that does not exist yet."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return sqlite_url(sqlite_path)


@pytest.fixture(scope="session")
def crowd() -> Iterator[Crowd]:
    """Four processes that do the same thing at the same moment."""
    with Crowd(4) as processes:
        yield processes


@pytest.fixture
def clock() -> FrozenClock:
    """The store's clock: it stands at 1,000,000 until a test moves it."""
    return FrozenClock(1_000_000)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store with nothing in it, to be copied: to make one takes four times as long."""
    path = tmp_path_factory.mktemp("empty") / "store.sqlite"
    Store.open(sqlite_url(path)).close()
    return path


@pytest.fixture(params=["sqlite", ON_POSTGRES, "folded"])
def store(
    request: pytest.FixtureRequest,
    sqlite_path: Path,
    tmp_path: Path,
    clock: FrozenClock,
    empty_store: Path,
) -> Iterator[Store]:
    """An empty store; the folded one moves every closed candle to its lake at once."""
    if request.param != "postgres":
        shutil.copyfile(empty_store, sqlite_path)
    if request.param == "folded":
        lake = str(tmp_path / "lake")
        with EagerStore.open(
            sqlite_url(sqlite_path), lake=lake, clock=clock, policy=EVERYTHING
        ) as eager:
            yield eager
        return
    postgres = request.param == "postgres"
    url = request.getfixturevalue("postgres_url") if postgres else sqlite_url(sqlite_path)
    with Store.open(url, clock=clock) as opened:
        yield opened


@pytest.fixture
def shared(url: str, clock: FrozenClock) -> Iterator[Store]:
    """An empty store at `url`, which others open too; without a lake."""
    with Store.open(url, clock=clock) as opened:
        yield opened


@pytest.fixture
def two_tiers(url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Store]:
    """An empty store with a lake, which folds when a test says so."""
    with Store.open(url, lake=str(tmp_path / "lake"), clock=clock, policy=SMALL) as opened:
        yield opened


@pytest.fixture
def public_lake() -> Iterator[Path]:
    """A folder that everybody may read and nobody but root may write, in one that all may see."""
    folder = Path(tempfile.mkdtemp(prefix="chandlery-test-"))
    folder.chmod(0o755)
    (folder / "lake").mkdir(mode=0o555)
    yield folder / "lake"
    (folder / "lake").chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def guest_url(postgres: str, postgres_url: str) -> str:
    """The URL of an empty schema of a user who needs the password `welcome`."""
    schema = postgres_url.rpartition("%3D")[2]
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute("CREATE ROLE guest LOGIN PASSWORD 'welcome'")
        conn.execute(f"ALTER SCHEMA {schema} OWNER TO guest".encode())
        (rules,) = conn.execute("SHOW hba_file").fetchone() or ("",)
        text = Path(rules).read_text()
        Path(rules).write_text(f"local all guest scram-sha-256\n{text}")
        conn.execute("SELECT pg_reload_conf()")
    url = postgres_url.replace("postgres@", "guest:welcome@", 1)
    _wait_until_refused(url.replace("welcome", "wrong"))
    return url


def _wait_until_refused(url: str) -> None:
    """The server reads its rules again in its own time, well within a second."""
    for _ in range(1000):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            return
    pytest.fail("the server lets everybody in")
