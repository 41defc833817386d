"""Gaps and coverage over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from chandlery.candles.interval import DAY_MS, HOUR_MS
from chandlery.web import create_app
from chandlery.web.answers.coverage import CoverageAnswer, GapsAnswer
from tests.web.looked_at import (
    COUNT,
    EMPTY,
    ERROR,
    FAILED,
    MINUTES,
    NOW,
    START,
    UNASKED,
    answer,
    at,
    filled,
)

GAPS = f"gaps?series={MINUTES}"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Asks the interface about two days of minutes."""
    with filled(tmp_path_factory.mktemp("coverage")) as keeper:
        yield create_app(keeper).test_client()


def test_gaps(client: FlaskClient) -> None:
    """Every stretch without a candle, with its reason, in words, and the evidence."""
    body = answer(client, GAPS)
    GapsAnswer.model_validate(body)
    found = [(one["start_ms"], one["end_ms"], one["reason"]) for one in body["gaps"]]
    assert found == [
        (0, START, "before listing"),
        (at(FAILED[0]), at(FAILED[1]), "failed"),
        (at(UNASKED[0]), at(UNASKED[1]), "never asked"),
        (at(EMPTY[0]), at(EMPTY[1]), "empty at the exchange"),
    ]
    failed, empty = body["gaps"][1], body["gaps"][3]
    assert (failed["error"], failed["tries"], failed["candles"]) == (ERROR, 1, 10)
    assert (empty["asked_ms"], empty["source"], empty["request"]) == (NOW, "rest", "hole")
    assert all(one["words"].endswith(".") for one in body["gaps"])


def test_gaps_of_a_time(client: FlaskClient) -> None:
    """Gaps are cut to the asked time; a limit says that there are more."""
    body = answer(client, f"{GAPS}&since={at(1005)}&until={at(1015)}")
    found = [(one["start_ms"], one["end_ms"], one["candles"]) for one in body["gaps"]]
    assert found == [(at(1005), at(1010), 5), (at(1010), at(1015), 5)]
    assert answer(client, f"{GAPS}&since={at(1)}&until={at(900)}")["gaps"] == []
    body = answer(client, f"{GAPS}&limit=2")
    assert (len(body["gaps"]), body["has_more"]) == (2, True)
    hourly = answer(client, f"gaps?series=binance:BTCUSDT:1h&since={at(0)}")
    assert [one["reason"] for one in hourly["gaps"]] == [
        *("failed", "never asked", "empty at the exchange")
    ]


def test_coverage(client: FlaskClient) -> None:
    """Each day's places add up to what is expected up to now."""
    body = answer(client, f"coverage?series={MINUTES}")
    CoverageAnswer.model_validate(body)
    assert body["days"] == [
        [START, 1440, 1410, 0, 20, 10, 0, 3],
        [START + DAY_MS, 1440, 1430, 10, 0, 0, 0, 0],
        [START + 2 * DAY_MS, 119, 119, 0, 0, 0, 0, 0],
    ]
    assert body["totals"] == {
        "expected": COUNT - 1,
        "stored": 2959,
        "empty": 10,
        "missing": 20,
        "failed": 10,
        "unpublished": 0,
        "revised": 3,
    }
    assert (body["first_ms"], body["last_ms"]) == (START, at(COUNT - 2))
    assert (body["start_ms"], body["end_ms"], body["listed_ms"]) == (START, at(COUNT - 1), START)
    hourly = answer(client, "coverage?series=binance:BTCUSDT:1h")
    assert (hourly["derived_from"], hourly["days"]) == (str(MINUTES), body["days"])


def test_days_of_a_zone(client: FlaskClient) -> None:
    """Days begin at the zone's midnight, and hold the same candles in all."""
    body = answer(client, f"coverage?series={MINUTES}&zone=Asia/Tokyo")
    assert body["days"][0][:2] == [START - 9 * HOUR_MS, 900]
    assert body["totals"]["stored"] == 2959


def test_unknown_zone(client: FlaskClient) -> None:
    """A zone that does not exist is refused with what to give."""
    response = client.get(f"/api/v1/coverage?series={MINUTES}&zone=Mars/Olympus")
    assert response.status_code == 422
    assert "Europe/Berlin" in response.get_json()["error"]["message"]
