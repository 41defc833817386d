"""What Celery's tasks do and give back, called in this process against the sandbox."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chandlery.errors import TaskFailed
from chandlery.sandbox import Sandbox
from chandlery.schedule.celery_app import make_app
from chandlery.settings import read_settings

pytestmark = pytest.mark.slow  # many, which take long together

BTC = "binance:BTCUSDT:1h"
Make = Callable[..., Any]


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange in which it is always half past nine."""
    with Sandbox(now_ms=1_732_354_200_000, speed=0) as running:
        yield running


@pytest.fixture
def make(tmp_path: Path, box: Sandbox) -> Iterator[Make]:
    """Makes the Celery application with the sandbox and these settings."""
    made: list[Any] = []

    def app(**flags: str) -> Any:  # noqa: ANN401  Celery has no types
        places = {"binance_url": box.binance_url, "coingecko_url": box.coingecko_url}
        given = {"csv": str(tmp_path / "crypto.csv"), **places, **flags}
        made.append(make_app(read_settings(home=tmp_path / "home", **given)))
        return made[-1]

    yield app
    for one in made:
        one.keeper.close()


def run(app: Any, name: str, *args: object, **words: object) -> Any:  # noqa: ANN401
    """The outcome of a task that is done here and now."""
    return app.tasks[name].apply(args, words)


def test_rows(make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A collection gives back its report and the exchange's own rows, shows them, keeps the CSV."""
    caplog.set_level(logging.INFO)
    result = run(make(), "chandlery.collect", BTC).get()
    assert (result["series"], result["new"], result["error"]) == (BTC, 499, None)
    assert len(result["columns"]) == 12
    assert result["rows_left_out"] == 0
    lines = (tmp_path / "crypto.csv").read_text().splitlines()
    assert [",".join(map(str, row)) for row in result["rows"]] == lines
    assert json.loads(json.dumps(result))["rows"] == result["rows"]
    shown = next(text for text in caplog.messages if text.startswith(BTC))
    assert shown.endswith("forming")
    assert 15 < len(shown.splitlines()) <= 24


def test_few_rows_of_many(make: Make) -> None:
    """A long collection gives back its newest thousand rows and says how many there were."""
    app = make(csv="")
    app.keeper.open().collect(BTC, since="2024-06-01", until="2024-06-02")
    result = run(app, "chandlery.collect", BTC).get()
    assert len(result["rows"]) == 1000
    kept = result["new"] + result["unchanged"] + result["forming"]
    assert result["rows_left_out"] == kept - 1000 > 3000


def test_summary(make: Make) -> None:
    """The setting `summary` leaves the rows out."""
    result = run(make(results="summary"), "chandlery.collect", BTC).get()
    assert result["new"] == 499
    assert not {"rows", "columns"} & result.keys()


def test_wildcards_say_little(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """A series that a wildcard brought in is told in one line."""
    caplog.set_level(logging.INFO)
    run(make(series="binance:*USDT:1h"), "chandlery.collect", BTC, due_ms=0)
    assert f"{BTC}: 499 new, 0 unchanged, 0 revised" in caplog.messages


def test_done_already(make: Make) -> None:
    """What was done since it was due is ignored when beat asked, and said when a person did."""
    app = make()
    due_ms = time.time_ns() // 1_000_000
    assert run(app, "chandlery.collect", BTC, due_ms=due_ms).state == "SUCCESS"
    assert run(app, "chandlery.collect", BTC, due_ms=due_ms).state == "IGNORED"
    name = "somebody else"
    now_ms = time.time_ns() // 1_000_000
    app.keeper.open().store.jobs.hold(BTC, name, now_ms=now_ms, until_ms=now_ms + 60_000)
    held = run(app, "chandlery.collect", BTC).get()
    assert held == {"series": BTC, "skipped": "somebody else is doing it"}


def test_failure(make: Make, box: Sandbox) -> None:
    """Without the exchange the task fails, and its report says with what."""
    app = make()
    with box.unreachable():
        done = run(app, "chandlery.collect", BTC)
    assert done.state == "FAILURE"
    assert isinstance(done.result, TaskFailed)
    assert done.result.report["series"] == BTC
    assert done.result.report["error"] == str(done.result)


@pytest.mark.parametrize("series", ["nonsense", "binance:BTCUSDT:7h", "nowhere:BTCUSDT:1h"])
def test_no_such_series(make: Make, series: str) -> None:
    """A series that cannot be is a failure that says so, not a fault."""
    done = run(make(), "chandlery.collect", series)
    assert isinstance(done.result, TaskFailed)


def test_other_jobs(make: Make) -> None:
    """Market caps and symbol lists are fetched and kept, and leave no result."""
    app = make()
    assert run(app, "chandlery.market_caps", due_ms=0).get() is None
    assert run(app, "chandlery.symbols", "binance", due_ms=0).get() is None
    keeper = app.keeper.open()
    assert keeper.market_caps() is not None
    assert keeper.listings.held("binance") is not None
    assert all(app.tasks[f"chandlery.{name}"].ignore_result for name in ("market_caps", "symbols"))


def test_nothing_is_pickled(make: Make) -> None:
    """Tasks and results are JSON and nothing else is taken in."""
    conf = make().conf
    assert (conf.task_serializer, conf.result_serializer) == ("json", "json")
    assert list(conf.accept_content) == list(conf.result_accept_content) == ["json"]
