"""Lies and odd answers on request: how each looks to a client, and that the next one is true."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
import zlib
from typing import Any, Final

import pytest

from chandlery.sandbox import FaultKind
from chandlery.sandbox.archive.faults import ArchiveFaultKind
from chandlery.sandbox.streams.lies import ODD_FRAMES, STREAM_LIES, StreamLie, lied, odd_frame
from chandlery.sandbox.wire.lies import LIES, YEAR_MS
from tests.sandbox.asking import HOUR, Asker

K: Final[dict[str, Any]] = {"symbol": "BTCUSDT", "interval": "1h", "limit": 9}
AT: Final = 4
"""The row in the middle."""


def told(own: Asker, kind: FaultKind, path: str = "klines", **params: object) -> Any:  # noqa: ANN401
    """An answer that lies, and after it a true one."""
    own.box.faults.next(kind)
    return json.loads(own.get(path, **params).data), own.json(path, **params)


@pytest.mark.parametrize("kind", [kind for kind in LIES if kind != "markup"])
def test_rows(own: Asker, kind: FaultKind) -> None:
    """Each lie of candles is well-formed, differs from the truth, and is told once."""
    lie, truth = told(own, kind, **K)
    assert lie != truth
    assert own.rows(**K) == truth


def test_which_row(own: Asker) -> None:
    """The row in the middle lies, and those around it are true; times are moved at the ends."""
    for kind in ("negative", "nan", "huge", "upside-down", "odd-digits", "long-close", "altered"):
        lie, truth = told(own, kind, **K)
        assert [n for n in range(9) if lie[n] != truth[n]] == [AT], kind
    lie, truth = told(own, "overlap", **K)
    assert (lie[0][0], lie[1:]) == (truth[0][0] - HOUR, truth[:-1])
    lie, truth = told(own, "future", **K)
    assert (lie[-1][0], lie[:-1]) == (truth[-1][0] + YEAR_MS, truth[:-1])
    lie, truth = told(own, "lacking", **K)
    assert lie == truth[:AT] + truth[AT + 1 :]
    lie, truth = told(own, "twice", **K)
    assert lie == truth[: AT + 1] + truth[AT:]


def test_refusals_are_true(own: Asker) -> None:
    """What is no list of rows is told as it is."""
    own.box.faults.next("negative")
    assert own.refusal("klines", "symbol=NOSUCHCOIN&interval=1h")[1] == -1121
    own.box.faults.next("negative")
    assert own.json("ping") == {}


def test_symbols(own: Asker) -> None:
    """The list of symbols has odd names, or one twice."""
    lie, truth = told(own, "markup", "exchangeInfo")
    names = [one["symbol"] for one in lie["symbols"][len(truth["symbols"]) :]]
    assert names[:2] == ["<script>alert(1)</script>", "../../etc/passwd"]
    lie, truth = told(own, "twice", "exchangeInfo")
    assert lie["symbols"] == truth["symbols"] + truth["symbols"][:1]


@pytest.mark.parametrize("kind", ["negative", "nan", "huge", "markup", "short-row", "null-row"])
def test_coins(own: Asker, kind: FaultKind) -> None:
    """Coins lie, too."""
    asked = {"vs_currency": "usd", "per_page": 9}
    truth = json.loads(own.gecko("/coins/markets", **asked).data)
    own.box.faults.next(kind, service="coingecko")
    lie = json.loads(own.gecko("/coins/markets", **asked).data)
    assert [n for n in range(9) if lie[n] != truth[n]] == [AT]


def test_odd_answers(own: Asker) -> None:
    """A redirect leads to another host, and a sentence is no JSON."""
    own.box.faults.next("redirect")
    own.box.faults.next("text")
    moved = own.fetch("HEAD", f"{own.box.binance_url}/api/v3/ping")
    assert (moved.status, moved.headers["location"]) == (302, "http://elsewhere.invalid/")
    said = own.get("ping")
    assert (said.status, said.headers["content-type"][:10]) == (200, "text/plain")


def test_bomb(own: Asker) -> None:
    """A megabyte that unpacks to a gigabyte comes within one answer."""
    own.box.faults.next("bomb")
    packed = own.fetch("HEAD", f"{own.box.binance_url}/api/v3/ping")
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < 2 << 20


def test_trickle(own: Asker) -> None:
    """The answer comes a byte at a time, from its status line on, and then the connection ends."""
    own.box.faults.next("trickle", seconds=0.002)
    begun = time.monotonic()
    slow = own.get("time").data
    assert time.monotonic() - begun > 0.002 * len(slow)
    own.close()
    assert own.get("time").data == slow


def test_dated_by_its_own_clock(own: Asker) -> None:
    """Answers have the date of the exchange's clock, not of this machine's."""
    assert own.get("ping").headers["date"] == "Fri, 14 Mar 2025 15:09:26 GMT"


@pytest.mark.parametrize("kind", ["several", "dot-dot", "bomb", "other-month", "upside-down"])
def test_files(own: Asker, kind: ArchiveFaultKind) -> None:
    """A file of the archive lies in its own way, and its checksum is right."""
    truth = _file(own)
    own.box.spoil_archive(kind, "BTCUSDT-1h-2024-11")
    lie = _file(own)
    own.box.archive_faults.clear()
    assert lie != truth == _file(own)
    names, text = lie
    assert len(names) == (2 if kind == "several" else 1)
    assert names[0].startswith("../") is (kind == "dot-dot")
    assert (len(text) > 1 << 24) is (kind == "bomb")


def _file(own: Asker) -> tuple[list[str], bytes]:
    """What a month's zip holds, once its checksum is seen to be right."""
    path = "data/spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-11.zip"
    packed = own.fetch("GET", f"{own.box.archive_url}/{path}").data
    line = own.fetch("GET", f"{own.box.archive_url}/{path}.CHECKSUM").data
    assert line.split()[0].decode() == hashlib.sha256(packed).hexdigest()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = archive.namelist()
        return names, archive.read(names[0])


@pytest.mark.parametrize("kind", STREAM_LIES)
def test_messages(kind: StreamLie) -> None:
    """A candle's message lies in its own way; a ticker's has nothing to lie about."""
    candle = {"t": 600_000, "T": 659_999, "s": "BTCUSDT", "i": "1m", "h": "2", "l": "1", "c": "1"}
    assert lied(kind, {"k": candle})["k"] != candle
    assert lied(kind, {"c": "1"}) == {"c": "1"}


def test_frames() -> None:
    """Odd frames are of bytes, too large, or compressed without having been asked for."""
    firsts = {kind: odd_frame(kind, b"{}") for kind in ODD_FRAMES}
    assert {kind: each[0] for kind, each in firsts.items()} == {
        "binary": 0x82,
        "giant": 0x81,
        "packed": 0xC1,
    }
    assert len(firsts["giant"]) > 1 << 22
    assert len(zlib.decompressobj(-zlib.MAX_WBITS).decompress(firsts["packed"][10:])) == 1 << 26
