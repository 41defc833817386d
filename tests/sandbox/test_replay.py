"""Recorded candles, served as they are."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

from chandlery.candles.files import read_candles
from chandlery.errors import BadFile, InputError, UnknownInterval
from chandlery.sandbox import Sandbox
from tests.sandbox.asking import HOUR, MINUTE, Asker, asking

START = 1_730_419_200_000
"""2024-11-01."""


def row(number: int, *, unit: int = 1) -> list[Any]:
    """An hourly row of our own making; `unit` 1000 writes microseconds."""
    opened = (START + number * HOUR) * unit
    closed = (START + (number + 1) * HOUR) * unit - 1
    price = f"{100 + number}.10000000"
    high = f"{100 + number}.90000000"
    return [
        opened, price, high, price, high, "1.50000000", closed, "150.00000000", 3,
        "0.50000000", "50.00000000", "0",
    ]  # fmt: skip


def csv(rows: list[list[Any]]) -> str:
    """Binance's CSV."""
    return "".join(",".join(map(str, each)) + "\n" for each in rows)


def page_all(own: Asker, symbol: str, interval: str) -> list[list[Any]]:
    """Every candle, page by page."""
    rows: list[list[Any]] = []
    start = 0
    while page := own.rows(symbol=symbol, interval=interval, startTime=start, limit=1000):
        rows += page
        start = page[-1][0] + 1
    return rows


def test_csv(tmp_path: Path) -> None:
    """A Binance CSV is served row by row, and the clock stands a minute after its end."""
    path = tmp_path / "BTCUSDT-1h-2024-11.csv"
    path.write_text(csv([row(number) for number in range(5)]))
    with asking(replay=(path,)) as own:
        assert own.rows(symbol="BTCUSDT", interval="1h") == [row(number) for number in range(5)]
        assert own.json("time") == {"serverTime": row(4)[6] + MINUTE}
        assert own.rows(symbol="BTCUSDT", interval="1h", startTime=START + 1, limit=2) == [
            row(1), row(2),
        ]  # fmt: skip
        assert own.rows(symbol="BTCUSDT", interval="4h") == []
        assert own.refusal("klines", "symbol=ETHUSDT&interval=1h")[1] == -1121
        [symbol] = own.json("exchangeInfo")["symbols"]
        assert (symbol["symbol"], symbol["baseAsset"], symbol["quoteAsset"]) == (
            "BTCUSDT", "BTC", "USDT",
        )  # fmt: skip
        assert symbol["filters"][0]["tickSize"] == "0.10000000"


def test_files_join(tmp_path: Path) -> None:
    """Several files of a series are one; milliseconds and microseconds meet in milliseconds."""
    first, second = tmp_path / "BTCUSDT-1h-2024-12.csv", tmp_path / "BTCUSDT-1h-2025-01.csv"
    first.write_text(csv([row(0), row(1)]))
    second.write_text(csv([row(2, unit=1000), row(3, unit=1000)]))
    with asking(replay=(second, first)) as own:
        assert own.rows(symbol="BTCUSDT", interval="1h") == [row(number) for number in range(4)]
        answer = own.get(
            "klines", {"X-MBX-TIME-UNIT": "MICROSECOND"}, symbol="BTCUSDT", interval="1h"
        )
        assert answer.json()[2] == row(2, unit=1000)


def test_gaps_stay(tmp_path: Path) -> None:
    """Missing candles are not filled in."""
    path = tmp_path / "ABCUSDT-1h.csv"
    path.write_text(csv([row(0), row(1), row(7)]))
    with asking(replay=(path,)) as own:
        rows = own.rows(symbol="ABCUSDT", interval="1h", limit=2)
        assert [each[0] for each in rows] == [row(1)[0], row(7)[0]]


def test_raw_json_is_still_forming(tmp_path: Path) -> None:
    """Of a raw REST body the last candle is still open by the clock, in gzip or not."""
    body = orjson.dumps([row(number) for number in range(3)])
    for name, data in (("ABCUSDT-1h.json", body), ("ABCUSDT-1h.json.gz", gzip.compress(body))):
        path = tmp_path / name
        path.write_bytes(data)
        with asking(replay=(path,)) as own:
            assert own.rows(symbol="ABCUSDT", interval="1h") == [row(0), row(1), row(2)]
            assert own.json("time") == {"serverTime": row(2)[6] - 1}


def test_now_hides_the_future(tmp_path: Path) -> None:
    """With the clock set back later candles are not there yet; moved on, they are."""
    path = tmp_path / "ABCUSDT-1h.csv"
    path.write_text(csv([row(number) for number in range(5)]))
    with asking(replay=(path,), now_ms=row(2)[0] + 5) as own:
        assert own.rows(symbol="ABCUSDT", interval="1h") == [row(0), row(1), row(2)]
        own.box.clock.advance(3600)
        assert own.rows(symbol="ABCUSDT", interval="1h", limit=1) == [row(3)]


def test_tickers_of_recordings(tmp_path: Path) -> None:
    """Tickers sum the recorded candles; single trades are not recorded."""
    path = tmp_path / "ABCUSDT-1h.csv"
    path.write_text(csv([row(number) for number in range(30)]))
    with asking(replay=(path,)) as own:
        day = own.json("ticker/24hr", symbol="ABCUSDT")
        assert (day["lastPrice"], day["volume"], day["count"]) == (
            "129.90000000", "34.50000000", 69,
        )  # fmt: skip
        assert own.json("trades", symbol="ABCUSDT") == []
        assert own.gecko("/ping").status == 200
        own.box.revise("ABCUSDT", "1h", row(29)[0])
        assert own.rows(symbol="ABCUSDT", interval="1h", limit=1)[0][8] == 4


def test_who_is_it(tmp_path: Path) -> None:
    """Symbol and interval come from the options where the name is silent, else it is an error."""
    path = tmp_path / "crypto.csv"
    path.write_text(csv([row(number) for number in range(3)]))
    with pytest.raises(InputError, match=r"crypto\.csv.*--symbol"):
        Sandbox(replay=(path,))
    with asking(replay=(path,), replay_symbol="ABCUSDT") as own:
        assert len(own.rows(symbol="ABCUSDT", interval="1h")) == 3
    with asking(replay=(path,), replay_symbol="ABCUSDT", replay_interval="1d") as own:
        assert len(own.rows(symbol="ABCUSDT", interval="1d")) == 3
    with pytest.raises(UnknownInterval):
        Sandbox(replay=(path,), replay_symbol="ABCUSDT", replay_interval="7h")
    path.write_text(csv([row(0)]))
    with pytest.raises(InputError, match="--interval"):
        Sandbox(replay=(path,), replay_symbol="ABCUSDT")


@pytest.mark.parametrize("text", ["", "nonsense\n", "[]", '{"code":-1121,"msg":"Invalid symbol."}'])
def test_bad_files(tmp_path: Path, text: str) -> None:
    """A file without candles is refused with its name."""
    path = tmp_path / "BTCUSDT-1h.csv"
    path.write_text(text)
    with pytest.raises(BadFile, match=r"BTCUSDT-1h\.csv"):
        Sandbox(replay=(path,))


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is refused with its name."""
    with pytest.raises(BadFile, match="absent"):
        Sandbox(replay=(tmp_path / "absent.csv",))


def test_recorded_months(recorded: Path) -> None:
    """Four months of the archive come back as they are, digit for digit."""
    paths = tuple(sorted((recorded / "vision").glob("BTCUSDT-1h-*.csv")))
    lines = [line.split(",") for path in paths for line in path.read_text().splitlines()]
    with asking(replay=paths) as own:
        rows = page_all(own, "BTCUSDT", "1h")
    assert len(rows) == len(lines)
    for served, line in zip(rows, lines, strict=True):
        scale = 1000 if len(line[0]) == 16 else 1
        opened, closed = int(line[0]) // scale, int(line[6]) // scale
        assert [str(value) for value in served[:11]] == [
            str(opened), *line[1:6], str(closed), *line[7:11],
        ]  # fmt: skip


def test_recorded_history(recorded: Path) -> None:
    """Six years with outages, off-grid candles and early closes are served to the last one."""
    [path] = (recorded / "gaps").glob("BTCUSDT_1h_2017-08-17_*_bak.csv.gz")
    with asking(replay=(path,)) as own:
        rows = page_all(own, "BTCUSDT", "1h")
        backwards = own.rows(symbol="BTCUSDT", interval="1h", endTime=rows[-501][0])
    assert len(rows) == 55_765
    assert backwards == rows[-1000:-500]
    assert sum(opened % HOUR != 0 for opened, *_ in rows) == 43
    assert sum(each[6] != each[0] + HOUR - 1000 for each in rows) == 56
    frame = read_candles(path)
    assert [each[0] for each in rows] == frame["open_time"].dt.epoch("ms").to_list()


def test_recorded_body(recorded: Path) -> None:
    """A raw REST body is served raw; its last candle is still forming."""
    path = recorded / "binance_rest" / "klines_1m_500_2024-11-16.json"
    with asking(replay=(path,), replay_symbol="ADAUSDT") as own:
        answer = own.get("klines", symbol="ADAUSDT", interval="1m")
        assert answer.data == path.read_bytes().strip()
        assert own.json("time")["serverTime"] < answer.json()[-1][6]


def test_recorded_original(recorded: Path) -> None:
    """The file of the first program has 500 candles in its 4,000 rows; the last version counts."""
    path = recorded / "original" / "crypto.csv"
    with asking(replay=(path,), replay_symbol="BTCUSDT") as own:
        rows = own.rows(symbol="BTCUSDT", interval="1h", limit=1000)
    assert len(rows) == 500
    assert rows[-1][8] == 22_120
