"""`chandlery results`, for whom Celery has worked and for whom it has not yet."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.conftest import Shell

pytestmark = pytest.mark.slow

STORE = """
from chandlery.errors import TaskFailed
from chandlery.schedule.celery_app import make_app
from chandlery.settings import read_settings
backend = make_app(read_settings()).backend
report = {"series": "binance:BTCUSDT:1h", "new": 1, "unchanged": 2, "revised": 3, "seconds": 0.5}
rows = {"columns": ["open_time", "open"], "rows": [[1, "0.10"], [2, "0.20"]]}
backend.store_result("good-1", {**report, "error": None, **rows}, "SUCCESS")
backend.store_result("bad-2", TaskFailed("No answer.", report), "FAILURE")
"""


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A folder in which two tasks have been done, one of them in vain."""
    shell = Shell(tmp_path_factory.mktemp("worked"))
    done = shell.run("-c", STORE)
    assert done.returncode == 0, done.stderr
    return shell


def test_table(worked: Shell) -> None:
    """Finished tasks are listed with what they did, the newest first."""
    lines = worked.chandlery("results").stdout.splitlines()
    assert lines[0].split() == [
        *("when", "series", "state", "new", "unchanged", "revised", "seconds", "error", "id")
    ]
    assert [line.split()[-1] for line in lines[1:]] == ["bad-2", "good-1"]
    assert "binance:BTCUSDT:1h  FAILURE  1    2          3        0.5      No answer." in lines[1]
    assert len(worked.chandlery("results", "--last", "1").stdout.splitlines()) == 2


def test_for_programs(worked: Shell) -> None:
    """JSON gives everything, CSV a line for each task."""
    found = json.loads(worked.chandlery("results", "--format", "json").stdout)
    assert [(one["id"], one["error"]) for one in found] == [
        ("bad-2", "No answer."),
        ("good-1", None),
    ]
    assert found[1]["rows"] == [[1, "0.10"], [2, "0.20"]]
    lines = list(csv.DictReader(io.StringIO(worked.chandlery("results", "--format", "csv").stdout)))
    assert [(line["state"], line["revised"]) for line in lines] == [
        ("FAILURE", "3"),
        ("SUCCESS", "3"),
    ]


def test_one(worked: Shell) -> None:
    """One task is shown with its rows, by the first letters of its id."""
    lines = worked.chandlery("results", "--id", "good").stdout.splitlines()
    assert "id: good-1" in lines
    assert [line.split() for line in lines[-3:]] == [
        ["open_time", "open"],
        ["1", "0.10"],
        ["2", "0.20"],
    ]
    assert (
        worked.chandlery("results", "--id", "good", "--format", "csv").stdout == "1,0.10\n2,0.20\n"
    )
    one = json.loads(worked.chandlery("results", "--id", "bad", "--format", "json").stdout)
    assert (one["state"], one["new"], one["rows"]) == ("FAILURE", 1, [])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--id", "nothing"), "No result of a task 'nothing'"),
        (("--format", "xml"), "'xml' is not a known format"),
        (("--last", "0"), "Invalid value for '--last'"),
    ],
)
def test_wrong(worked: Shell, words: tuple[str, ...], why: str) -> None:
    """What cannot be shown is said, with exit code 2."""
    done = worked.chandlery("results", *words)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_none_yet(shell: Shell) -> None:
    """Where no worker has run yet, the commands that bring results are named."""
    done = shell.chandlery("results")
    assert (done.returncode, done.stdout) == (0, "")
    assert "celery -A tasks worker" in done.stderr
    assert json.loads(shell.chandlery("results", "--format", "json").stdout) == []
    assert not (shell.folder / "chandlery-data").exists()


def test_elsewhere(shell: Shell) -> None:
    """Results in Redis cannot be listed, which is said without the password."""
    shell.settings["RESULT_BACKEND"] = "redis://:canary@localhost/1"
    done = shell.chandlery("results")
    assert done.returncode == 2
    assert "cannot be listed" in done.stderr
    assert "canary" not in done.stderr
