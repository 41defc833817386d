"""Brokers and databases go away for a while, workers die: nothing is lost and nothing doubled."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from chandlery.collect.runner import HOLD_MS
from chandlery.sandbox import Sandbox
from tests.postgres import Postgres, postgres_server
from tests.schedule.rack import Program, Rack, wait_until
from tests.schedule.truth import assert_true_and_whole, last_closed_ms
from tests.services import RedisServer, redis_server

pytestmark = pytest.mark.slow

SERIES = ("binance:BTCUSDT:1s", "binance:ETHUSDT:1s")
OUTAGE_S = 20.0
TROUBLED_S = 4.0
TROUBLES: tuple[tuple[Callable[[Redis], object], Callable[[Redis], object]], ...] = (
    (lambda redis: redis.flushall(), lambda redis: redis.ping()),
    (
        lambda redis: redis.config_set("maxmemory", 1),
        lambda redis: redis.config_set("maxmemory", 0),
    ),
    (lambda redis: redis.slaveof("127.0.0.1", 1), lambda redis: redis.slaveof()),
)
"""What begins a broker's trouble, and what ends it: emptied, full, a replica of nobody."""
WARNED = re.compile(r": (WARNING|ERROR|CRITICAL)/|^\S*(Error|Exception)\b")
"""A line of a log that tells of trouble."""
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange in real time."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that can be stopped."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that can be stopped."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def rack(box: Sandbox, redis: RedisServer, postgres: Postgres, tmp_path: Path) -> Iterator[Rack]:
    """Redis as the broker, PostgreSQL as store and result backend, two series of seconds."""
    number = next(_NUMBERS)
    with psycopg.connect(postgres.url) as conn:
        conn.execute(f"CREATE SCHEMA outage_{number}".encode())
    url = f"{postgres.url}&options=-csearch_path%3Doutage_{number}"
    settings = {
        "SERIES": ",".join(SERIES),
        "CSV": "",
        "STORE_URL": url,
        "BROKER_URL": f"{redis.url.rpartition('/')[0]}/{number}",
        "RESULT_BACKEND": f"db+{url.replace('postgresql', 'postgresql+psycopg', 1)}",
        "BINANCE_URL": box.binance_url,
        "COINGECKO_URL": box.coingecko_url,
    }
    with Rack(tmp_path, settings) as programs:
        yield programs


def url_of(rack: Rack) -> str:
    """The URL of the store."""
    return rack.settings["STORE_URL"]


def until_current(rack: Rack, program: Program) -> None:
    """Wait until every series has candles of a moment that was to come when this was called."""
    soon_ms = time.time_ns() // 1_000_000 + 2_000
    for series in SERIES:
        wait_until(
            lambda series=series: last_closed_ms(url_of(rack), series) >= soon_ms,  # type: ignore[misc]
            what=f"{series} of now",
            program=program,
            patience=90.0,
        )


def until_succeeded(worker: Program) -> None:
    """Wait until it did a few tasks, which may have to wait until a dead one's hold has ended."""
    wait_until(
        lambda: worker.log.count("succeeded") > 3,
        what="success",
        program=worker,
        patience=3 * HOLD_MS / 1000,
    )


def finish(rack: Rack, box: Sandbox) -> None:
    """Stop everything and hold what is kept against what was served."""
    for program in reversed(rack.programs):
        if program.running:
            program.stop()
    for series in SERIES:
        assert assert_true_and_whole(url_of(rack), series, box) > 500
    traces = [program.log.partition("Traceback")[2] for program in rack.programs]
    assert not [trace[:3000] for trace in traces if trace]


def test_redis_away(rack: Rack, redis: RedisServer, box: Sandbox) -> None:
    """Worker and beat wait for a broker that is away, in few words, and go on by themselves."""
    worker, beat = rack.worker("-P", "threads", "-c", "2"), rack.beat()
    until_current(rack, worker)
    before = len(worker.log.splitlines()), len(beat.log.splitlines())
    redis.stop()
    time.sleep(OUTAGE_S)  # the length of the outage is what is tried
    said = worker.log.splitlines()[before[0] :] + beat.log.splitlines()[before[1] :]
    about = [line for line in said if WARNED.search(line)]
    redis.start()
    until_current(rack, worker)
    assert 2 <= len(about) <= 6, about
    finish(rack, box)


def test_redis_in_trouble(rack: Rack, redis: RedisServer, box: Sandbox) -> None:
    """A broker that is emptied, full or somebody's replica for a while is used again afterwards."""
    worker, beat = rack.worker("-P", "threads", "-c", "2"), rack.beat()
    with closing(Redis.from_url(redis.url)) as admin:
        for begin, end in TROUBLES:
            until_current(rack, worker)
            begin(admin)
            time.sleep(TROUBLED_S)  # how long it lasts is what is tried
            end(admin)
    until_current(rack, worker)
    assert beat.running
    finish(rack, box)


def test_postgres_away(rack: Rack, postgres: Postgres, box: Sandbox) -> None:
    """They wait for a store that is away as well; no result is lost that a worker had."""
    worker, beat = rack.worker("-P", "prefork", "-c", "2"), rack.beat()
    until_current(rack, worker)
    before = len(worker.log.splitlines()), len(beat.log.splitlines())
    postgres.stop()
    time.sleep(OUTAGE_S)  # the length of the outage is what is tried
    said = worker.log.splitlines()[before[0] :] + beat.log.splitlines()[before[1] :]
    about = [line for line in said if WARNED.search(line)]
    postgres.start()
    until_current(rack, worker)
    assert 1 <= len(about) <= 6, about
    finish(rack, box)


def test_killed_workers(rack: Rack, box: Sandbox) -> None:
    """A worker that is killed in the middle of its tasks leaves nothing half done or locked."""
    beat = rack.beat()
    for _ in range(2):
        worker = rack.worker("-P", "prefork", "-c", "2")
        until_succeeded(worker)
        worker.until("received", times=worker.log.count("received") + 1)
        worker.kill()
    last = rack.worker("-P", "prefork", "-c", "2")
    wait_until(lambda: last.log.count("succeeded") > 3, what="tasks", program=last, patience=240.0)
    until_current(rack, last)
    assert beat.running
    finish(rack, box)


def test_two_beats(rack: Rack, box: Sandbox) -> None:
    """Two beats at once do no harm: a second is collected once, whoever asked first."""
    worker = rack.worker("-P", "threads", "-c", "2")
    beats = [rack.beat(), rack.beat()]
    for beat in beats:
        beat.until("chandlery", times=10)
    until_current(rack, worker)
    finish(rack, box)
    with psycopg.connect(url_of(rack)) as conn:
        rows = conn.execute(
            "SELECT count(*), count(DISTINCT result->>'started') FROM celery_taskmeta "
            "WHERE result->>'series' = 'binance:BTCUSDT:1s'"
        ).fetchone()
    assert rows is not None
    assert rows[0] == rows[1] > 5
