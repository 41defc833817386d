"""Health, metrics and status over a real store that a sandbox exchange fills."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from chandlery.collect.keeper import Keeper
from chandlery.collect.runner import Runner
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from chandlery.web import create_app
from tests.sandbox.asking import NOW_MS

NAMED = "binance:BTCUSDT:1h"
WILD = "binance:B?BUSDT:1h"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """An exchange and a source of market caps, in the middle of an hour."""
    with Sandbox(now_ms=NOW_MS) as sandbox:
        yield sandbox


@pytest.fixture
def keeper(box: Sandbox, tmp_path: Path) -> Iterator[Keeper]:
    """One series by its name and one by a pattern."""
    settings = read_settings(
        home=tmp_path,
        csv="",
        series=f"{NAMED},{WILD}",
        binance_url=box.binance_url,
        coingecko_url=box.coingecko_url,
    )
    with Keeper(settings) as opened:
        yield opened


@pytest.fixture
def client(keeper: Keeper) -> FlaskClient:
    """A client of the application."""
    return create_app(keeper).test_client()


def counters(client: FlaskClient) -> dict[tuple[str, str], float]:
    """Every counter of a scrape, those of the histogram too."""
    return {
        (sample.name, str(sample.labels)): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
        if family.type in {"counter", "histogram"}
    }


def do_due(keeper: Keeper) -> None:
    """Do everything that is due, twice over: the list of symbols brings in new series."""
    runner = Runner(keeper)
    for _ in range(2):
        now_ms = keeper.clock.now_ms()
        for job in keeper.jobs():
            if job.due_ms <= now_ms:
                runner.do(job.name, due_ms=job.due_ms)


def test_from_empty_to_healthy(client: FlaskClient, keeper: Keeper) -> None:
    """A fresh store is 503 until each kept series has been collected, then 200."""
    before = client.get("/healthz")
    assert before.status_code == 503
    assert f"{NAMED} was never collected" in before.text
    assert f"{WILD} was never collected" in before.text
    do_due(keeper)
    after = client.get("/healthz")
    assert (after.status_code, after.text) == (200, "ok: 2 series, none late\n")


def test_budget_is_told(client: FlaskClient, keeper: Keeper) -> None:
    """The request budget shows in the status, whole, and in the metrics with the same limit."""
    do_due(keeper)
    (budget,) = client.get("/api/v1/status").get_json()["budgets"]
    assert budget["exchange"] == "binance"
    assert 0 <= budget["used"] < budget["limit"] == budget["used"] + budget["left"]
    sample = f'chandlery_request_weight_limit{{exchange="binance"}} {budget["limit"]:.1f}'
    assert sample in client.get("/metrics").text.splitlines()


def test_wildcards_are_filled_in(client: FlaskClient, keeper: Keeper) -> None:
    """The interface lists the series that a pattern stands for, and never the pattern."""
    do_due(keeper)
    listed = client.get("/api/v1/series").get_json()["series"]
    assert [one["series"] for one in listed] == [NAMED, "binance:BNBUSDT:1h"]
    assert [one["price_decimals"] for one in listed] == [2, 2]
    assert client.get("/api/v1/candles?series=binance:BNBUSDT:1h").status_code == 200
    assert client.get("/api/v1/candles?series=binance:ETHUSDT:1h").status_code == 404


def test_unknown_symbol(client: FlaskClient, keeper: Keeper) -> None:
    """A series whose symbol does not exist stays late, and it is said that there is none such."""
    keeper.settings = keeper.settings.model_copy(
        update={"series": read_settings(series="binance:NOPEUSDT:1h").series}
    )
    do_due(keeper)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert "binance has no symbol 'NOPEUSDT'" in response.text


@pytest.mark.slow
def test_counters_never_go_down(client: FlaskClient, keeper: Keeper, box: Sandbox) -> None:
    """Counters grow with good and with failed runs, and are the same for a second process."""
    scrapes = [counters(client)]
    do_due(keeper)
    scrapes.append(counters(client))
    with box.unreachable():
        Runner(keeper).do(NAMED)
    scrapes.append(counters(client))
    for earlier, later in pairwise(scrapes):
        assert all(later[name] >= value for name, value in earlier.items())
    last = scrapes[-1]
    assert last["chandlery_candles_collected_total", "{'outcome': 'new'}"] == 2 * 499
    assert last["chandlery_errors_total", "{'kind': 'Unreachable'}"] == 1
    runs = sum(value for (name, _), value in last.items() if name == "chandlery_runs_total")
    assert last["chandlery_run_duration_seconds_count", "{}"] == runs
    with Keeper(keeper.settings) as second:
        assert counters(create_app(second).test_client()) == last


@pytest.mark.slow
def test_status_of_a_real_store(client: FlaskClient, keeper: Keeper, box: Sandbox) -> None:
    """The status tells of each run what the next one has to know, and of the exchange's absence."""
    do_due(keeper)
    with box.unreachable():
        Runner(keeper).do(NAMED)
    body = client.get("/api/v1/status").get_json()
    first = body["series"][0]
    assert (first["series"], first["failures"], first["error_kind"]) == (NAMED, 1, "Unreachable")
    assert first["due_ms"] > first["succeeded_ms"]
    assert body["exchange_error"] == first["error"]
    assert (body["healthy"], body["counted"]["runs"]["failed"]) == (True, 1)
