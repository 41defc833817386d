"""The story of single candles over HTTP, and those that changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from chandlery.collect.keeper import Keeper
from chandlery.web import create_app
from chandlery.web.answers.evidence import CandleAnswer, RevisionsAnswer
from tests.web.looked_at import (
    COUNT,
    EARLIER,
    EMPTY,
    ERROR,
    FAILED,
    FRAME,
    MINUTES,
    NOW,
    REVISED,
    UNASKED,
    answer,
    at,
    filled,
)

CANDLE = f"candle?series={MINUTES}&open_ms="


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """Two days of minutes, the older ones in the lake."""
    with filled(tmp_path_factory.mktemp("story")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(keeper: Keeper) -> FlaskClient:
    """Asks the interface."""
    return create_app(keeper).test_client()


def test_plain_candle(client: FlaskClient) -> None:
    """Exact values, since when and from where they are known, and by which question."""
    told = answer(client, f"{CANDLE}{at(5)}")
    CandleAnswer.model_validate(told)
    assert told["present"]["volume"] == f"{FRAME['volume'][5]:f}"
    assert (told["present"]["known_ms"], told["present"]["source"]) == (NOW, "rest")
    assert (told["present"]["closed"], told["tier"], told["versions"]) == (True, "hot", [])
    assert told["ledger"] == {
        "state": "stored",
        "asked_ms": NOW,
        "source": "rest",
        "request": "klines",
        "tries": 0,
        "error": None,
    }
    assert (told["derived"], told["made_of"]) == (False, None)


def test_revised_candle(client: FlaskClient) -> None:
    """Every older version stands beside the present one, oldest first."""
    told = answer(client, f"{CANDLE}{at(REVISED[0])}")
    CandleAnswer.model_validate(told)
    was = [version["close"] for version in told["versions"]]
    closes = (FRAME["close"][REVISED[0]], EARLIER["close"][REVISED[0]])
    assert was == [f"{close:f}" for close in closes]
    assert told["present"]["close"] == f"{closes[0]:f}"
    assert [version["source"] for version in told["versions"]] == ["rest", "archive"]
    times = [version["replaced_ms"] for version in told["versions"]]
    assert times == sorted(times)
    assert told["present"]["known_ms"] == times[-1]


def test_forming_candle(client: FlaskClient) -> None:
    """A candle that is not closed has no line in the ledger yet."""
    told = answer(client, f"{CANDLE}{at(COUNT - 1)}")
    assert (told["present"]["closed"], told["ledger"]) == (False, None)


def test_absent_candles(client: FlaskClient) -> None:
    """What is not there has a reason, or nobody has asked."""
    empty, failed, unasked = (
        answer(client, f"{CANDLE}{at(minute)}") for minute in (EMPTY[0], FAILED[0], UNASKED[0])
    )
    for told in (empty, failed, unasked):
        CandleAnswer.model_validate(told)
        assert (told["present"], told["tier"]) == (None, None)
    assert (empty["ledger"]["state"], empty["ledger"]["request"]) == ("empty", "hole")
    assert (failed["ledger"]["state"], failed["ledger"]["error"]) == ("failed", ERROR)
    assert unasked["ledger"] is None


def test_derived_candle(client: FlaskClient) -> None:
    """A sum tells of how many candles it is made, and where they come from."""
    told = answer(client, f"candle?series=binance:BTCUSDT:1h&open_ms={at(60)}")
    CandleAnswer.model_validate(told)
    assert told["made_of"] == {"series": str(MINUTES), "candles": 60, "expected": 60}
    assert (told["derived"], told["tier"], told["present"]["source"]) == (True, None, "rest")
    assert told["present"]["known_ms"] >= NOW
    assert told["present"]["volume"] == f"{FRAME.slice(60, 60)['volume'].sum():f}"
    newest = answer(client, f"candle?series=binance:BTCUSDT:1h&open_ms={at(2940)}")
    assert (newest["present"]["closed"], newest["made_of"]["candles"]) == (False, 60)


def test_cold_candle(keeper: Keeper, client: FlaskClient) -> None:
    """What has gone to the lake has the same story, and says where it stands."""
    before = [answer(client, f"{CANDLE}{at(minute)}") for minute in (5, REVISED[0])]
    keeper.store.folding.policy = type(keeper.store.folding.policy)(keep_hot=10)
    keeper.store.folding.fold(MINUTES, everything=True)
    after = [answer(client, f"{CANDLE}{at(minute)}") for minute in (5, REVISED[0])]
    assert [told["tier"] for told in after] == ["cold", "cold"]
    assert after == [told | {"tier": "cold"} for told in before]


def test_revisions(client: FlaskClient) -> None:
    """All candles of a time that changed, ascending, page by page."""
    path = f"revisions?series={MINUTES}"
    whole = answer(client, path)
    RevisionsAnswer.model_validate(whole)
    changed = [at(minute) for minute in range(*REVISED)]
    assert [one["open_ms"] for one in whole["revisions"]] == changed
    assert [len(one["versions"]) for one in whole["revisions"]] == [2, 2, 2]
    page = answer(client, f"{path}&limit=2")
    assert (page["revisions"], page["has_more"]) == (whole["revisions"][:2], True)
    rest = answer(client, f"{path}&since={changed[1] + 1}")
    assert (rest["revisions"], rest["has_more"]) == (whole["revisions"][2:], False)
    assert answer(client, f"{path}&until={changed[0]}")["revisions"] == []
    assert answer(client, "revisions?series=binance:BTCUSDT:1h")["revisions"] == []


@pytest.mark.parametrize("path", ["candle?open_ms=1&", "revisions?"])
def test_unknown_series(client: FlaskClient, path: str) -> None:
    """404 names the series that are kept."""
    response = client.get(f"/api/v1/{path}series=binance:ETHUSDT:1m")
    assert response.status_code == 404
    assert response.get_json()["error"]["kept"] == [str(MINUTES)]


def test_missing_time(client: FlaskClient) -> None:
    """422 says that the open time is needed."""
    response = client.get(f"/api/v1/candle?series={MINUTES}")
    assert response.status_code == 422
    assert response.get_json()["error"]["parameters"][0]["name"] == "open_ms"
