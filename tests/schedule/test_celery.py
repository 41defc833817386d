"""Worker and beat as people start them, with every pool, broker and database of results."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from chandlery.sandbox import Sandbox
from chandlery.schedule.celery_places import results_url
from chandlery.settings import read_settings
from tests.postgres import Postgres
from tests.schedule.rack import CELERY, Program, Rack, wait_until
from tests.schedule.truth import assert_true_and_whole
from tests.services import RedisServer, free_port, redis_server

pytestmark = pytest.mark.slow

SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT")
BTC = "binance:BTCUSDT:1m"
FIRST = {498, 499}
"""Closed candles of the newest 500: within a second of a close two have not settled."""


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange in real time."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for all tests here."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def rack(tmp_path: Path, box: Sandbox) -> Iterator[Rack]:
    """Nothing set but what to collect, from the sandbox, every second."""
    series = ",".join(f"binance:{symbol}:1m" for symbol in SYMBOLS)
    urls = {"BINANCE_URL": box.binance_url, "COINGECKO_URL": box.coingecko_url}
    with Rack(tmp_path, {"SERIES": series, "EVERY": "1", **urls}) as programs:
        yield programs


def use_postgres(rack: Rack, server: Postgres) -> None:
    """PostgreSQL for the store and for the results, in a schema of its own."""
    schema = f"rack{abs(hash(rack.folder))}"
    engine = sa.create_engine(server.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as conn:
        conn.execute(sa.text(f"CREATE SCHEMA {schema}"))
    engine.dispose()
    url = f"{server.url}&options=-csearch_path%3D{schema}"
    rack.settings |= {"STORE_URL": url, "RESULT_BACKEND": f"db+{url}"}


def store_url(rack: Rack) -> str:
    """Where the candles are."""
    return rack.settings.get("STORE_URL") or f"sqlite:///{rack.folder}/chandlery-data/chandlery.db"


def until_collected(worker: Program, times: int = 2) -> None:
    """Wait until every series was collected so many times."""
    for symbol in SYMBOLS:
        worker.until(f": binance:{symbol}:1m: ", times)


def finished(rack: Rack) -> None:
    """Stop all, and see that nobody complained."""
    for program in reversed(rack.programs):
        assert program.stop() == 0, program.log
        assert not [word for word in ("Traceback", "ERROR/", "CRITICAL/") if word in program.log]
    assert not list(rack.folder.glob("celerybeat*"))


def rows_of(rack: Rack) -> list[dict[str, str]]:
    """The finished tasks by `chandlery results --format csv`."""
    done = rack.chandlery("results", "--last", "1000", "--format", "csv")
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


@pytest.mark.parametrize(
    "choice",
    [
        "eventlet redis postgres",
        "eventlet folder sqlite",
        "gevent redis postgres",
        "prefork redis sqlite",
        "threads folder postgres",
        "solo folder sqlite",
    ],
)
def test_worker_and_beat(
    rack: Rack, box: Sandbox, request: pytest.FixtureRequest, choice: str
) -> None:
    """Several series at once, again and again: rows, readable results, and the CSV are right."""
    pool, broker, database = choice.split()
    if broker == "redis":
        redis = request.getfixturevalue("redis")
        rack.settings["BROKER_URL"] = f"{redis.url.rpartition('/')[0]}/{len(pool)}"
    if database == "postgres":
        use_postgres(rack, request.getfixturevalue("results_postgres"))
    worker, beat = rack.worker("-P", pool), rack.beat()
    until_collected(worker)
    assert f"Scheduler: Sending due task {BTC} (chandlery.collect)" in beat.log
    finished(rack)
    for symbol in SYMBOLS:
        assert assert_true_and_whole(store_url(rack), f"binance:{symbol}:1m", box) >= min(FIRST)
    lines = rows_of(rack)
    assert {line["state"] for line in lines} == {"SUCCESS"}
    assert {line["series"].split(":")[1] for line in lines} == set(SYMBOLS)
    first = [line for line in lines if line["series"] == BTC][-1]
    assert (int(first["new"]) in FIRST, first["error"]) == (True, "")
    kept = (rack.folder / "crypto.csv").read_text().splitlines()
    shown = rack.chandlery("results", "--id", first["id"], "--format", "csv").stdout.splitlines()
    assert (len(shown), shown[: min(FIRST)]) == (500, kept[: min(FIRST)])
    _readable(rack, first["id"])


def _readable(rack: Rack, id_: str) -> None:
    """By a plain SELECT the result is text of JSON, as `psql` and `sqlite3` show it."""
    url = results_url(
        read_settings(
            home=rack.folder / "chandlery-data",
            result_backend=rack.settings.get("RESULT_BACKEND", ""),
        )
    )
    assert url is not None
    engine = sa.create_engine(url)
    query = "SELECT CAST(result AS TEXT), name, CAST(args AS TEXT) FROM celery_taskmeta"
    with engine.connect() as conn:
        found = conn.execute(sa.text(f"{query} WHERE task_id = :id"), {"id": id_}).one()
    engine.dispose()
    result = json.loads(found[0])
    assert (len(result["rows"]), len(result["columns"])) == (500, 12)
    assert result["new"] in FIRST
    assert (found[1], json.loads(found[2])) == ("chandlery.collect", [BTC])


def test_asked_by_a_person(rack: Rack) -> None:
    """From Python a task is sent and its result waited for; one that was done leaves none."""
    worker = rack.worker("-P", "threads")
    done = rack.python(
        "from tasks import app\n"
        "sent = app.tasks['chandlery.collect'].delay('binance:ETHUSDT:1h')\n"
        "print(sent.get(timeout=30)['new'], app.AsyncResult(sent.id).state)"
    )
    assert done.stdout in {f"{new} SUCCESS\n" for new in FIRST}, done.stderr + worker.log
    rack.python(
        "from tasks import app\n"
        "app.tasks['chandlery.collect'].delay('binance:ETHUSDT:1h', due_ms=0)\n"
    )
    worker.until("ignored")  # it was done in the meantime
    finished(rack)
    engine = sa.create_engine(f"sqlite:///{rack.folder}/chandlery-data/results.db")
    with engine.connect() as conn:
        left = conn.execute(sa.text("SELECT status FROM celery_taskmeta")).scalars().all()
    engine.dispose()
    assert left == ["SUCCESS"]
    modes = {
        stat.S_IMODE((rack.folder / "chandlery-data" / name).stat().st_mode)
        for name in ("results.db", "chandlery.db")
    }
    assert modes == {0o600}


def test_once_needs_no_celery(rack: Rack) -> None:
    """`python tasks.py` collects once without loading Celery."""
    done = rack.python(
        "import runpy, sys\n"
        "runpy.run_path('tasks.py', run_name='__main__')\n"
        "sys.exit(bool({'celery', 'kombu'} & sys.modules.keys()))"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("program", "name", "value"),
    [
        ("worker", "SERIES", "nonsense"),
        ("worker", "BROKER_URL", "canary"),
        ("worker", "RESULT_BACKEND", "db+mysql://u:canary@h/d"),
        ("worker", "STORE_URL", "nonsense:canary@"),
        ("beat", "STORE_URL", "nonsense:canary@"),
    ],
)
def test_bad_settings(rack: Rack, program: str, name: str, value: str) -> None:
    """A setting that cannot be used is one clear line and exit code 2, and shows no password."""
    rack.settings[name] = value
    done = rack.run(str(CELERY), "-A", "tasks", program)
    said = [line for line in done.stderr.splitlines() if "chandlery: " in line]
    assert (done.returncode, len(said)) == (2, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_another_programs_table(rack: Rack) -> None:
    """A worker does not begin on another program's table of results."""
    engine = sa.create_engine(f"sqlite:///{rack.folder}/old.db")
    with engine.begin() as conn:
        conn.execute(sa.text("CREATE TABLE celery_taskmeta (task_id TEXT, result BLOB)"))
    engine.dispose()
    rack.settings["RESULT_BACKEND"] = f"db+sqlite:///{rack.folder}/old.db"
    done = rack.run(str(CELERY), "-A", "tasks", "worker")
    assert done.returncode == 2
    assert "another program's results" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_secrets(rack: Rack) -> None:
    """What is away from the start is waited for, and its password is never said."""
    port = free_port()
    rack.settings |= {
        "BROKER_URL": f"redis://:canary@127.0.0.1:{port}/0",
        "RESULT_BACKEND": f"db+postgresql+psycopg://u:canary@127.0.0.1:{port}/d",
    }
    worker, beat = rack.worker("-P", "threads"), rack.beat()
    worker.until("Waiting for it")
    beat.until("The broker is away; waiting for it")
    wait_until(lambda: worker.running and beat.running, what="both")
    for one in (worker, beat):
        one.stop()
        assert "canary" not in one.log
        assert "Traceback" not in one.log
