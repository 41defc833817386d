"""The services of compose.yaml as plain processes: its commands, its environment, its checks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import urllib3

from chandlery.sandbox import Sandbox
from tests.compose import OURS, compose
from tests.postgres import postgres_server
from tests.schedule.rack import Program, Rack, wait_until
from tests.schedule.truth import assert_true_and_whole
from tests.services import free_port, redis_server

pytestmark = pytest.mark.slow

SERIES = "binance:BTCUSDT:1m"
FIRST = {498, 499}
"""Closed candles of the newest 500: within a second of a close two have not settled."""
CANDLES = f"/api/v1/candles?series={SERIES}&limit=500"
TOKEN = "a token of the topology"
VARIABLES = {"POSTGRES_PASSWORD": "unused", "CHANDLERY_TOKEN": TOKEN, "CHANDLERY_SERIES": SERIES}
PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Place:
    """This machine in place of the containers' network and volume."""

    box: Sandbox
    redis_url: str
    postgres_url: str
    port: int
    data: Path

    def settings(self, given: dict[str, str]) -> dict[str, str]:
        """A service's settings, with the addresses of this machine in place of the containers'."""
        addresses = {
            "HOME": str(self.data),
            "CSV": str(self.data / "crypto.csv"),
            "STORE_URL": self.postgres_url,
            "RESULT_BACKEND": f"db+{self.postgres_url}",
            "BROKER_URL": self.redis_url,
        }
        ours = {
            key.removeprefix("CHANDLERY_"): text
            for key, text in given.items()
            if key.startswith("CHANDLERY_")
        }
        assert addresses.keys() <= ours.keys()
        if "PORT" in ours:
            addresses["PORT"] = str(self.port)
        exchange = {"BINANCE_URL": self.box.binance_url, "COINGECKO_URL": self.box.coingecko_url}
        return ours | addresses | exchange

    def ask(self, path: str, *, token: str = TOKEN) -> tuple[int, str]:
        """Status and text of one request to the page; status 0 while it is not there."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with urllib3.PoolManager(retries=False) as pool:
            try:
                url = f"http://127.0.0.1:{self.port}{path}"
                response = pool.request("GET", url, headers=headers)
            except urllib3.exceptions.HTTPError:
                return 0, ""
            return response.status, response.data.decode()

    def candles(self) -> int:
        """How many candles the page's interface gives."""
        status, text = self.ask(CANDLES)
        return len(json.loads(text)["rows"]) if status == 200 else 0

    def results(self) -> list[dict[str, Any]]:
        """Of the collections that succeeded, as they stand in PostgreSQL."""
        engine = sa.create_engine(self.postgres_url)
        query = "SELECT result FROM celery_taskmeta WHERE status = 'SUCCESS' AND name = :name"
        with engine.connect() as conn:
            found = conn.execute(sa.text(query), {"name": "chandlery.collect"}).scalars().all()
        engine.dispose()
        return list(found)


@dataclass
class Service:
    """One service: what the file says of it, and where it runs."""

    told: dict[str, Any]
    rack: Rack

    def start(self) -> Program:
        """Start its command."""
        program, *words = self.told["command"]
        return self.rack.start(str(PROGRAMS / program), *words)

    def healthy(self) -> bool:
        """Whether its health check says so."""
        kind, program, *words = self.told["healthcheck"]["test"]
        path = f"{PROGRAMS}/{program}"
        command = ["sh", "-c", path] if kind == "CMD-SHELL" else [path, *words]
        return self.rack.run(*command).returncode == 0


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An exchange, a Redis and a PostgreSQL."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with Sandbox() as box, redis_server(folder) as redis, postgres_server() as postgres:
        url = postgres.url.replace("postgresql:", "postgresql+psycopg:")
        yield Place(box, redis.url, url, free_port(), tmp_path / "data")


@pytest.fixture
def services(tmp_path: Path, place: Place) -> Iterator[dict[str, Service]]:
    """Page, worker, beat, tasks: each in a folder of its own with nothing but `tasks.py`."""
    told = compose(VARIABLES)["services"]
    with ExitStack() as stack:
        made = {}
        for name in OURS:
            (tmp_path / name).mkdir()
            rack = Rack(tmp_path / name, place.settings(told[name]["environment"]))
            made[name] = Service(told[name], stack.enter_context(rack))
        yield made


def test_topology(place: Place, services: dict[str, Service]) -> None:
    """The worker collects what beat asks for, the page shows it to the token's owner, all end."""
    running = {name: service.start() for name, service in services.items()}
    wait_until(lambda: place.candles() == 500, what="candles", program=running["worker"])
    wait_until(lambda: place.ask("/healthz", token="")[0] == 200, what="health")
    check_page(place)
    wait_until(lambda: bool(place.results()), what="a result", program=running["worker"])
    first = place.results()[0]
    assert (first["series"], len(first["rows"])) == (SERIES, 500)
    assert first["new"] in FIRST
    for name in ("worker", "beat", "tasks"):
        assert services[name].healthy(), running[name].log
    for name in ("beat", "worker", "tasks", "web"):
        assert running[name].stop() == 0, running[name].log
        assert not [word for word in ("Traceback", "ERROR") if word in running[name].log]
    assert not services["worker"].healthy()
    check_data(place, services)


def check_page(place: Place) -> None:
    """With the token the page and its figures are there; without it they are not."""
    assert place.ask("/")[0] == 200
    metrics = place.ask("/metrics")[1]
    assert "\nchandlery_healthy 1.0\n" in metrics
    kept = [line for line in metrics.splitlines() if line.startswith("chandlery_candles{")]
    assert [float(line.split()[-1]) >= min(FIRST) for line in kept] == [True]
    for path in ("/", "/metrics", CANDLES):
        assert place.ask(path, token="")[0] == 401
        assert place.ask(path, token="another token altogether")[0] == 401


def check_data(place: Place, services: dict[str, Service]) -> None:
    """What is kept is what was served, and nothing was written elsewhere than in the volume."""
    assert assert_true_and_whole(place.postgres_url, SERIES, place.box) >= min(FIRST)
    assert len((place.data / "crypto.csv").read_text().splitlines()) >= 500
    for service in services.values():
        names = {path.name for path in service.rack.folder.iterdir()} - {"__pycache__"}
        assert names - {"program-0.log"} == {"tasks.py"}
