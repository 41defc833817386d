"""Results in a database: JSON for everybody to read, whole, and not for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from chandlery.errors import BadSetting, StoreUnreachable, TaskFailed, UnknownResult
from chandlery.schedule.celery_app import make_app
from chandlery.schedule.celery_places import results_url as meant
from chandlery.schedule.results import read_result, read_results
from chandlery.settings import Settings, read_settings
from tests.services import free_port

ROWS = [[1, "0.10", "0.20", "0.10", "0.15", "3.00000000", 2, "1", 5, "1", "1", "0"]]
REPORT = {"series": "binance:BTCUSDT:1h", "new": 1, "unchanged": 2, "revised": 0, "seconds": 0.5}
RESULT = {**REPORT, "rows_left_out": 4, "columns": ["open_time"], "rows": ROWS}


@pytest.fixture
def settings(tmp_path: Path, results_url: str) -> Settings:
    """Settings with a database of results."""
    return read_settings(home=tmp_path / "home", result_backend=results_url)


@pytest.fixture
def backend(settings: Settings) -> Any:  # noqa: ANN401  Celery has no types
    """Celery's result backend, as a worker has it."""
    return make_app(settings).backend


@pytest.fixture
def database(settings: Settings) -> Iterator[sa.Connection]:
    """The database itself, as `psql` and `sqlite3` see it."""
    url = meant(settings)
    assert url is not None
    engine = sa.create_engine(url)
    with engine.connect() as conn:
        yield conn
    engine.dispose()


def test_plain_json(backend: Any, database: sa.Connection) -> None:  # noqa: ANN401
    """A plain SELECT gives JSON text with the keys in their order, and Celery the same result."""
    backend.store_result("one", RESULT, "SUCCESS")
    text = database.scalar(sa.text("SELECT CAST(result AS TEXT) FROM celery_taskmeta"))
    assert list(json.loads(text)) == list(RESULT)
    assert json.loads(text) == RESULT
    assert backend.get_result("one") == RESULT
    kinds = {
        one["name"]: one["type"] for one in sa.inspect(database).get_columns("celery_taskmeta")
    }
    assert not [name for name, kind in kinds.items() if isinstance(kind, sa.LargeBinary)]


def test_failure(backend: Any, settings: Settings) -> None:  # noqa: ANN401
    """A failure keeps what was done all the same, and is raised where the result is asked for."""
    backend.mark_as_failure("one", TaskFailed("No answer.", RESULT), traceback="at line 1")
    found = read_result(settings, "one")
    assert (found.state, found.error, found.series) == ("FAILURE", "No answer.", REPORT["series"])
    assert found.report == REPORT
    assert found.rows == (tuple(ROWS[0]),)
    raised = backend.get_result("one")
    assert isinstance(raised, TaskFailed)
    assert (str(raised), raised.report) == ("No answer.", RESULT)
    assert backend.get_traceback("one") is None


def test_read(backend: Any, settings: Settings) -> None:  # noqa: ANN401
    """Finished tasks are listed, the newest first, as many as asked."""
    for name in ("one", "two", "three"):
        backend.store_result(name, RESULT, "SUCCESS")
    backend.store_result("begun", {"pid": 1}, "STARTED")
    found = read_results(settings, last=2)
    assert [one.id for one in found] == ["three", "two"]
    assert found[0].report == REPORT
    assert (found[0].rows_left_out, found[0].columns) == (4, ("open_time",))
    assert found[0].as_dict()["rows"] == found[0].rows
    assert abs(found[0].done_ms - datetime.now(UTC).timestamp() * 1000) < 60_000


def test_beginning_of_an_id(backend: Any, settings: Settings) -> None:  # noqa: ANN401
    """The first letters of an id do, when they are those of one task."""
    for name in ("abc-1", "abc-2", "abc", "d%f"):
        backend.store_result(name, RESULT, "SUCCESS")
    assert read_result(settings, "abc-1").id == "abc-1"
    assert read_result(settings, "d%").id == "d%f"
    for asked, why in (("abc-", "Several"), ("x", "No result"), ("%", "No result")):
        with pytest.raises(UnknownResult, match=why):
            read_result(settings, asked)


def test_none_yet(settings: Settings) -> None:
    """Where no worker has run there are no results, and none are made by looking."""
    assert read_results(settings, last=9) == []
    assert read_results(settings, last=9) == []


def test_too_late(backend: Any, settings: Settings) -> None:  # noqa: ANN401
    """A task that nobody took in time says so."""
    backend.mark_as_revoked("one", "expired")
    found = read_result(settings, "one")
    assert (found.state, found.error) == ("REVOKED", "nobody took it in time")


def test_old_ones_go(settings: Settings, database: sa.Connection) -> None:
    """Results older than the setting says are deleted, and no others."""
    backend = make_app(settings.model_copy(update={"results_days": 2.0})).backend
    for name in ("old", "young"):
        backend.store_result(name, RESULT, "SUCCESS")
    then = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=2, minutes=1)
    query = sa.text("UPDATE celery_taskmeta SET date_done = :then WHERE task_id = 'old'")
    database.execute(query.bindparams(sa.bindparam("then", type_=sa.DateTime)), {"then": then})
    database.commit()
    backend.cleanup()
    assert [one.id for one in read_results(settings, last=9)] == ["young"]


def test_another_programs_table(settings: Settings, database: sa.Connection) -> None:
    """A table with pickled results is refused with what to do, and left as it is."""
    binary = "BYTEA" if database.dialect.name == "postgresql" else "BLOB"
    database.execute(sa.text(f"CREATE TABLE celery_taskmeta (task_id TEXT, result {binary})"))
    database.commit()
    with pytest.raises(BadSetting, match="RENAME TO celery_taskmeta_old"):
        make_app(settings).backend.store_result("one", RESULT, "SUCCESS")
    with pytest.raises(BadSetting, match="another program's results"):
        read_results(settings, last=1)
    names = [one["name"] for one in sa.inspect(database).get_columns("celery_taskmeta")]
    assert names == ["task_id", "result"]


def test_bytes_are_never_unpickled(tmp_path: Path) -> None:
    """What is no JSON is an error, whatever it looks like."""
    backend = make_app(read_settings(home=tmp_path)).backend
    backend.store_result("one", RESULT, "SUCCESS")
    engine = sa.create_engine(f"sqlite:///{tmp_path}/results.db")
    with engine.begin() as conn:
        conn.execute(sa.text("UPDATE celery_taskmeta SET result = '\x80\x04N.'"))
    engine.dispose()
    with pytest.raises(Exception, match="Expecting value"):
        backend.get_result("one")


def test_elsewhere(tmp_path: Path) -> None:
    """Results in Redis cannot be listed, and the message shows no password."""
    settings = read_settings(home=tmp_path, result_backend="redis://:canary@localhost/1")
    with pytest.raises(BadSetting, match="cannot be listed") as caught:
        read_results(settings, last=1)
    assert "canary" not in str(caught.value)


def test_away(tmp_path: Path) -> None:
    """A database that does not answer is named without its password."""
    url = f"postgresql://u:canary@127.0.0.1:{free_port()}/d"
    with pytest.raises(StoreUnreachable, match="CHANDLERY_RESULT_BACKEND") as caught:
        read_results(read_settings(home=tmp_path, result_backend=url), last=1)
    assert "canary" not in str(caught.value)
