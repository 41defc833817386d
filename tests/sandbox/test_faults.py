"""Faults on request: how each looks to a client, whom it meets, how often."""

from __future__ import annotations

import time
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import NewConnectionError, ProtocolError, ReadTimeoutError

from chandlery.errors import InputError
from chandlery.sandbox import KINDS, FaultKind
from tests.sandbox.asking import NOW_MS, Asker

K: dict[str, Any] = {"symbol": "BTCUSDT", "interval": "1h"}


@pytest.mark.parametrize(
    ("kind", "status", "starts", "content_type"),
    [
        ("5xx", 503, b'{"code":-1008,', "application/json;charset=UTF-8"),
        ("html", 502, b"<html>", "text/html"),
        ("empty", 200, b"", "application/json;charset=UTF-8"),
        ("429", 429, b'{"code":-1003,"msg":"Too much', "application/json;charset=UTF-8"),
        ("418", 418, b'{"code":-1003,"msg":"Way too much', "application/json;charset=UTF-8"),
        ("451", 451, b'{\n  "code": 0,\n', "application/json;charset=UTF-8"),
        ("403", 403, b"<!DOCTYPE HTML", "text/html"),
    ],
)
def test_answers(
    own: Asker, kind: FaultKind, status: int, starts: bytes, content_type: str
) -> None:
    """Some faults are answers: their status, body and content type are the real ones."""
    own.box.faults.next(kind)
    answer = own.get("klines", **K)
    assert answer.status == status
    assert answer.data.startswith(starts)
    assert answer.headers["content-type"].startswith(content_type)
    assert own.get("klines", **K).status == 200


def test_retry_after(own: Asker) -> None:
    """429 and 418 on request say how long to stay away."""
    own.box.faults.next("429", seconds=7)
    own.box.faults.next("418")
    assert own.get("ping").headers["retry-after"] == "7"
    banned = own.get("ping")
    assert banned.headers["retry-after"] == "120"
    assert f"until {NOW_MS + 120_000}." in banned.json()["msg"]


def test_garbled(own: Asker) -> None:
    """A garbled answer arrives whole and cannot be read."""
    own.box.faults.next("garbled")
    answer = own.get("klines", **K)
    assert answer.status == 200
    with pytest.raises(ValueError, match=r"utf-8|JSON|json|column"):
        answer.json()


@pytest.mark.parametrize("kind", ["truncated", "reset-mid-body", "reset"])
def test_broken_connections(own: Asker, kind: FaultKind) -> None:
    """The connection ends before the answer does; the next request is fine."""
    own.box.faults.next(kind)
    with pytest.raises(ProtocolError):
        own.get("klines", **K)
    assert own.get("klines", **K).status == 200


@pytest.mark.parametrize("kind", ["hang", "hang-mid-body"])
def test_hangs(own: Asker, kind: FaultKind) -> None:
    """Nothing more comes, neither before nor within the answer, until the client gives up."""
    own.box.faults.next(kind)
    with urllib3.PoolManager(retries=False, timeout=0.2) as pool:
        url = f"{own.box.binance_url}/api/v3/klines?symbol=BTCUSDT&interval=1h"
        with pytest.raises(ReadTimeoutError):
            pool.request("GET", url)
        assert pool.request("GET", url).status == 200


def test_hang_ends(own: Asker) -> None:
    """A hang of so many seconds ends with a hang-up."""
    own.box.faults.next("hang", seconds=0.05)
    with pytest.raises(ProtocolError):
        own.get("ping")


def test_latency(own: Asker) -> None:
    """A late answer is a good one."""
    own.box.faults.next("latency", seconds=0.15)
    started = time.monotonic()
    assert own.get("ping").status == 200
    assert time.monotonic() - started >= 0.15


def test_skew(own: Asker) -> None:
    """The server's time is off by so much, for as long as asked; candles are not."""
    own.box.faults.always("skew", seconds=-90)
    assert own.json("time") == {"serverTime": NOW_MS - 90_000}
    assert own.json("exchangeInfo")["serverTime"] == NOW_MS - 90_000
    assert own.rows(**K, limit=1)[0][0] == NOW_MS // 3_600_000 * 3_600_000
    own.box.faults.clear()
    assert own.json("time") == {"serverTime": NOW_MS}


def test_whom_and_how_often(own: Asker) -> None:
    """A fault meets only the requests it is meant for, as often as planned, in order."""
    faults = own.box.faults
    faults.next("5xx", times=2, path="klines")
    faults.next("403", path="klines")
    faults.next("429", service="coingecko")
    assert own.get("ping").status == 200
    assert [own.get("klines", **K).status for _ in range(4)] == [503, 503, 403, 200]
    assert own.gecko("/ping").status == 429
    assert faults.planned() == []


def test_always_until_cleared(own: Asker) -> None:
    """A lasting fault lasts, also beside a delay, until it is cleared."""
    own.box.faults.always("5xx")
    own.box.faults.always("latency", seconds=0.001)
    assert {own.get("ping").status for _ in range(5)} == {503}
    own.box.faults.clear()
    assert own.get("ping").status == 200


def test_unreachable(own: Asker) -> None:
    """Within the block nobody answers; after it the same address does."""
    address = own.box.binance_url
    assert own.get("ping").status == 200
    with own.box.unreachable():
        for _ in range(3):
            with pytest.raises((NewConnectionError, ProtocolError)):
                own.get("ping")
    assert own.box.binance_url == address
    assert own.get("ping").status == 200


def test_unknown_kind(own: Asker) -> None:
    """A fault that does not exist is refused, with those that do."""
    with pytest.raises(InputError, match="5xx"):
        own.box.faults.next("explode")  # type: ignore[arg-type]
    assert len(KINDS) == len(set(KINDS))


def test_requests_are_seen(own: Asker) -> None:
    """Counts and a log tell what was asked and how it was answered."""
    own.get("klines", **K)
    own.box.faults.next("5xx")
    own.get("klines", **K, limit=5)
    own.get("time")
    assert own.box.requests.count("klines") == 2
    assert own.box.requests.counts()["/api/v3/time"] == 1
    assert [seen.status for seen in own.box.requests.log("klines")] == [200, 503]
    assert own.box.requests.log("klines")[1].query == "symbol=BTCUSDT&interval=1h&limit=5"
    own.box.requests.clear()
    assert own.box.requests.count() == 0
