"""Tasks, runs, jobs, symbols and kept series over HTTP, against a sandbox exchange."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from chandlery.collect.tasks import TaskWork
from chandlery.sandbox import Sandbox
from chandlery.web import create_app
from tests.collect.rehearsal import NOW_MS, SOL, Rehearsal, rehearsing

TOKEN = "beeswax and tallow"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
BTC = "binance:BTCUSDT:1h"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange, ten weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=NOW_MS, speed=0) as running:
        yield running


@dataclass
class Desk:
    """A keeper, and a program that carries the token."""

    rehearsal: Rehearsal
    client: FlaskClient

    def get(self, path: str, status: int = 200) -> dict[str, Any]:
        """The answer at a path."""
        return self._answer("GET", path, status)

    def post(self, path: str, status: int = 202, **body: object) -> dict[str, Any]:
        """The answer to an action."""
        return self._answer("POST", path, status, json=body)

    def delete(self, path: str, status: int = 200) -> dict[str, Any]:
        """The answer to a deletion."""
        return self._answer("DELETE", path, status)

    def work(self) -> None:
        """Do the next task."""
        assert TaskWork(self.rehearsal.keeper).do_next() is not None

    def _answer(self, method: str, path: str, status: int, json: object = None) -> dict[str, Any]:
        answer = self.client.open(f"/api/v1{path}", method=method, headers=BEARER, json=json)
        assert answer.status_code == status, answer.text
        assert answer.json is not None
        return dict(answer.json)


@pytest.fixture
def desk(box: Sandbox, tmp_path: Path) -> Iterator[Desk]:
    """An application over an empty store."""
    with rehearsing(box, tmp_path) as opened:
        yield Desk(opened, create_app(opened.keeper, token=TOKEN).test_client())


def test_a_task_from_its_wish_to_its_end(desk: Desk) -> None:
    """What is asked for waits, also when nobody does tasks, and tells its figures when done."""
    asked = desk.post("/tasks", kind="collect", series=SOL, since=NOW_MS - 36_000_000)["task"]
    assert (asked["state"], asked["series"], asked["since_ms"]) == (
        "queued",
        SOL,
        NOW_MS - 36_000_000,
    )
    assert asked["progress"] == {
        "rows": 0,
        "expected_rows": None,
        "bytes": 0,
        "reached_ms": None,
        "rate_rows_s": None,
        "left_s": None,
    }
    assert (
        desk.post("/tasks", kind="collect", series=SOL, since=NOW_MS - 36_000_000)["task"] == asked
    )
    listed = desk.get("/tasks")
    assert (listed["runners"], listed["now_ms"]) == (0, NOW_MS)
    assert [one["id"] for one in listed["tasks"]] == [asked["id"]]
    desk.work()
    done = desk.get(f"/tasks/{asked['id']}")["task"]
    assert (done["state"], done["error"], done["progress"]["rows"]) == ("done", None, 10)
    assert done["words"] == "9 new candles, 0 unchanged, 0 revised; 1 request."
    assert done["started_ms"] == NOW_MS


def test_cancel_and_retry(desk: Desk) -> None:
    """A task that waits is cancelled at once, and waits anew on request."""
    id_ = desk.post("/tasks", kind="backfill", series=SOL)["task"]["id"]
    assert desk.post(f"/tasks/{id_}/cancel")["task"]["state"] == "cancelled"
    again = desk.post(f"/tasks/{id_}/retry")["task"]
    assert (again["id"], again["state"]) == (id_, "queued")
    for path in ("/tasks/nothing/cancel", "/tasks/nothing/retry"):
        assert "no task 'nothing'" in desk.post(path, 404)["error"]["message"]
    desk.get("/tasks/nothing", 404)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"kind": "dance"}, "kind"),
        ({"kind": "backfill"}, "Name the series"),
        ({"kind": "backfill", "series": "BTCUSDT"}, "is not a series"),
        ({"kind": "backfill", "series": SOL, "until": "soon"}, "'soon' is not a time"),
        ({"kind": "backfill", "series": SOL, "now": True}, "no such parameter"),
        ({"kind": "backfill", "series": SOL, "since": 9, "until": 9}, "must be before"),
        ({"kind": "market_caps", "series": SOL}, "about no series"),
        ({"kind": "backfill", "series": "bitfake:BTCUSDT:1h"}, "no exchange 'bitfake'"),
    ],
)
def test_what_cannot_be_asked(desk: Desk, body: dict[str, object], words: str) -> None:
    """A body that makes no task is refused in words, and nothing waits."""
    assert words in desk.post("/tasks", 422, **body)["error"]["message"]
    assert desk.get("/tasks")["tasks"] == []


def test_bodies_that_are_none(desk: Desk) -> None:
    """What is no JSON object, or longer than any wish, is refused."""
    for data, kind in (
        (b"kind=backfill", None),
        (b"{", "application/json"),
        (b"[]", "application/json"),
    ):
        answer = desk.client.post("/api/v1/tasks", headers=BEARER, data=data, content_type=kind)
        assert answer.status_code == 422
        assert "body: is no JSON object" in answer.json["error"]["message"]  # type: ignore[index]
    desk.post("/tasks", 413, kind="backfill", series="x" * 10_000)


def test_keep_and_forget(desk: Desk) -> None:
    """A series is kept after those of the settings, with its history, until it is forgotten."""
    desk.rehearsal.box.requests.clear()
    kept = desk.post("/series", 201, series="binance:solusdt:1h", backfill=True)
    assert (kept["series"], kept["created"]) == (SOL, True)
    assert (kept["task"]["kind"], kept["task"]["state"]) == ("backfill", "queued")
    again = desk.post("/series", 200, series=SOL)
    assert (again["created"], again["task"]) == (False, None)
    assert [one["series"] for one in desk.get("/series")["series"]] == [BTC, SOL]
    assert {BTC, SOL} <= {one["name"] for one in desk.get("/jobs")["jobs"]}
    desk.work()
    desk.rehearsal.assert_whole(SOL)
    assert desk.delete(f"/series?series={SOL}") == {"series": SOL}
    assert SOL not in {one["name"] for one in desk.get("/jobs")["jobs"]}
    assert [one["series"] for one in desk.get("/series")["series"]] == [BTC, SOL], "still stored"
    assert (
        "none of the series to keep"
        in desk.delete(f"/series?series={SOL}", 404)["error"]["message"]
    )
    refused = desk.delete(f"/series?series={BTC}", 409)["error"]["message"]
    assert f"{BTC} is kept by the settings (CHANDLERY_SERIES" in refused


def test_what_cannot_be_kept(desk: Desk) -> None:
    """What the exchange does not have, and what stands for many, is refused."""
    for series, words in (
        ("binance:SOLUSDX:1h", "no symbol 'SOLUSDX'. Nearest: SOLUSDT"),
        ("binance-um:BTCUSDT:1s", "no candles of '1s'"),
        ("binance:*USDT:1h", "wildcards go into the settings"),
        ("bitfake:BTCUSDT:1h", "no exchange 'bitfake'"),
    ):
        assert words in desk.post("/series", 422, series=series)["error"]["message"]


def test_runs(desk: Desk) -> None:
    """What ran comes newest first, page by page, by job and by outcome."""
    keeper = desk.rehearsal.keeper
    for _ in range(2):
        keeper.collect(SOL, last=3)
    keeper.keep_current(keeper.wanted_series()[0], last=3)
    desk.rehearsal.box.faults.always("451", path="klines", service="binance")
    keeper.collect(SOL, last=3)
    keeper.refresh_market_caps()
    found = desk.get("/runs")
    assert (len(found["runs"]), found["has_more"]) == (5, False)
    sol = desk.get(f"/runs?series={SOL}")["runs"]
    assert [one["outcome"] for one in sol].count("failed") == 1
    good = [one for one in sol if one["outcome"] == "done"]
    assert sorted((one["new"], one["unchanged"], one["requests"]) for one in good) == [
        (0, 2, 1),
        (2, 0, 1),
    ]
    assert {one["asked"] for one in sol} == {"the last 3"}
    [failed] = desk.get("/runs?outcome=failed")["runs"]
    assert (failed["error_kind"], failed["new"]) == ("Blocked", 0)
    [caps] = desk.get("/runs?series=coingecko:market-caps")["runs"]
    assert (caps["new"], caps["error"]) == (None, None)
    paged, before = [], ""
    while True:
        page = desk.get(f"/runs?limit=2{before}")
        paged += page["runs"]
        if not page["has_more"]:
            break
        before = f"&before={paged[-1]['id']}"
    assert paged == found["runs"]
    assert desk.get(f"/runs?before={NOW_MS}")["runs"] == []
    assert desk.get("/runs?before=2030-01-01T00:00:00Z") == found
    assert "neither the id" in desk.get("/runs?before=yesterday", 422)["error"]["message"]


def test_jobs(desk: Desk) -> None:
    """Repeated work tells when it is due, who is at it, and what went wrong last."""
    keeper = desk.rehearsal.keeper
    jobs = {one["name"]: one for one in desk.get("/jobs")["jobs"]}
    assert (jobs[BTC]["due_ms"], jobs[BTC]["running"], jobs[BTC]["failures"]) == (0, False, 0)
    assert "coingecko:market-caps" in jobs
    keeper.store.jobs.hold(BTC, "somebody", now_ms=NOW_MS, until_ms=NOW_MS + 1_000)
    [job] = [one for one in desk.get("/jobs")["jobs"] if one["name"] == BTC]
    assert (job["running"], job["holder"]) == (True, "somebody")
    keeper.keep_current(keeper.wanted_series()[0])
    [job] = [one for one in desk.get("/jobs")["jobs"] if one["name"] == BTC]
    assert (job["running"], job["holder"], job["succeeded_ms"]) == (False, None, NOW_MS)
    assert job["due_ms"] > NOW_MS


def test_symbols(desk: Desk) -> None:
    """The likest symbol comes first, with what is kept of it; the exchange is asked only once."""
    desk.rehearsal.keeper.collect("binance:BTCUSDT:1m", last=2)
    desk.rehearsal.box.requests.clear()
    found = desk.get("/symbols?query=btc/usdt&limit=3")
    assert found["listed_ms"] == NOW_MS
    first = found["symbols"][0]
    assert first == {
        "exchange": "binance",
        "symbol": "BTCUSDT",
        "base": "BTC",
        "quote": "USDT",
        "status": "TRADING",
        "price_decimals": 2,
        "kept": ["1m", "1h"],
    }
    names = [one["symbol"] for one in desk.get("/symbols?query=btc")["symbols"]]
    assert names[0] == "BTCUSDT"
    assert all("BTC" in name for name in names)
    begins = [name.startswith("BTC") for name in names]
    assert begins == sorted(begins, reverse=True)
    assert "ETHBTC" in names
    assert desk.get("/symbols?query=nosuchthing")["symbols"] == []
    assert len(desk.get("/symbols?limit=4")["symbols"]) == 4
    assert desk.rehearsal.box.requests.count("exchangeInfo") == 0
    um = desk.get("/symbols?query=btc&exchange=binance-um")["symbols"]
    assert {one["exchange"] for one in um} == {"binance-um"}
    assert desk.rehearsal.box.requests.count("exchangeInfo") == 1
    assert "no exchange 'bitfake'" in desk.get("/symbols?exchange=bitfake", 422)["error"]["message"]


def test_symbols_that_nobody_can_list(desk: Desk) -> None:
    """With no list in the store and no exchange that answers, that is said."""
    desk.rehearsal.box.faults.always("451", service="binance")
    assert desk.get("/symbols?query=btc", 502)["error"]["code"] == "exchange_unavailable"


@pytest.mark.parametrize(
    "body", [b"[" * 4_000, b'{"kind": "collect", "series": "\\ud800"}', b'{"\\ud800": 1}']
)
def test_bodies_that_nobody_means(desk: Desk, body: bytes) -> None:
    """Thousands of brackets and halves of characters are the sender's error, not ours."""
    headers = BEARER | {"Content-Type": "application/json"}
    answer = desk.client.post("/api/v1/tasks", data=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json is not None


@pytest.mark.parametrize(
    "path", ["/runs?series=%00", "/runs?before=%00", "/tasks/%00", "/symbols?query=a%00"]
)
def test_the_character_zero(desk: Desk, path: str) -> None:
    """What no database of ours can be asked for is refused, not passed on to it."""
    (parameter,) = desk.get(path, 422)["error"]["parameters"]
    assert parameter["problem"] == "may not hold the character zero"
