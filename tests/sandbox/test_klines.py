"""Candles over HTTP: the shape of rows, the range rule, the forming candle, flat rows, outages."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from chandlery.sandbox.market.trading_time import draw_outages
from tests.sandbox.asking import DAY, HOUR, MINUTE, NOW_MS, SECOND, Asker, asking

LISTED = 1_502_942_400_000
THIS_HOUR = NOW_MS // HOUR * HOUR


def opens(rows: list[list[object]]) -> list[object]:
    """The open times."""
    return [row[0] for row in rows]


@pytest.mark.parametrize("path", ["klines", "uiKlines"])
def test_row_types(ask: Asker, path: str) -> None:
    """A row has twelve elements: whole numbers for times and trades, decimal text for the rest."""
    for row in ask.json(path, symbol="DOGEUSDT", interval="1h", limit=1000):
        assert [type(value) for value in row] == [int, *[str] * 5, int, str, int, *[str] * 3]
        assert all(
            re.fullmatch(r"\d+\.\d{8}", value) for value in row[:-1] if isinstance(value, str)
        )
        assert row[11] == "0"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, range(THIS_HOUR - 499 * HOUR, THIS_HOUR + 1, HOUR)),
        ({"limit": 3}, range(THIS_HOUR - 2 * HOUR, THIS_HOUR + 1, HOUR)),
        ({"limit": 5000}, range(THIS_HOUR - 999 * HOUR, THIS_HOUR + 1, HOUR)),
        ({"startTime": LISTED, "limit": 2}, [LISTED, LISTED + HOUR]),
        ({"startTime": 0, "limit": 1}, [LISTED]),
        ({"startTime": THIS_HOUR - HOUR - 5}, [THIS_HOUR - HOUR, THIS_HOUR]),
        ({"startTime": THIS_HOUR - HOUR + 1}, [THIS_HOUR]),
        ({"endTime": THIS_HOUR, "limit": 2}, [THIS_HOUR - HOUR, THIS_HOUR]),
        ({"endTime": THIS_HOUR - 1, "limit": 2}, [THIS_HOUR - 2 * HOUR, THIS_HOUR - HOUR]),
        ({"startTime": THIS_HOUR - 4 * HOUR, "endTime": NOW_MS, "limit": 2},
         [THIS_HOUR - 4 * HOUR, THIS_HOUR - 3 * HOUR]),
        ({"startTime": THIS_HOUR - 2 * HOUR, "endTime": THIS_HOUR - HOUR},
         [THIS_HOUR - 2 * HOUR, THIS_HOUR - HOUR]),
        ({"startTime": THIS_HOUR, "endTime": THIS_HOUR}, [THIS_HOUR]),
        ({"startTime": THIS_HOUR, "endTime": THIS_HOUR - 1}, []),
        ({"startTime": THIS_HOUR + HOUR}, []),
        ({"endTime": LISTED - 1}, []),
        ({"startTime": NOW_MS + 400 * DAY, "endTime": NOW_MS + 500 * DAY}, []),
        ({"startTime": LISTED * 1000, "endTime": (LISTED + HOUR) * 1000}, [LISTED, LISTED + HOUR]),
        ({"startTime": LISTED * 1000 + 1, "limit": 1}, [LISTED + HOUR]),
    ],
)  # fmt: skip
def test_range_rule(ask: Asker, params: dict[str, int], expected: list[int]) -> None:
    """Without a start the newest rows, with one the oldest; bounds on open times, inclusive."""
    assert opens(ask.rows(symbol="BTCUSDT", interval="1h", **params)) == list(expected)


def test_ten_seconds_hold_eleven_rows(ask: Asker) -> None:
    """Both ends of a range belong to it."""
    start = THIS_HOUR - HOUR
    rows = ask.rows(symbol="BTCUSDT", interval="1s", startTime=start, endTime=start + 10 * SECOND)
    assert opens(rows) == list(range(start, start + 11 * SECOND, SECOND))


def test_paging_meets_itself(ask: Asker) -> None:
    """Pages forwards and pages backwards give the same candles, each once, ascending."""
    forwards: list[list[object]] = []
    start = 0
    while page := ask.rows(symbol="SOLUSDT", interval="4h", startTime=start, limit=1000):
        forwards += page
        start = page[-1][0] + 1
    backwards: list[list[object]] = []
    end = NOW_MS
    while page := ask.rows(symbol="SOLUSDT", interval="4h", endTime=end, limit=700):
        backwards = page + backwards
        end = page[0][0] - 1
    assert forwards == backwards
    assert len(forwards) > 10_000
    times = [int(str(row[0])) for row in forwards]
    assert times == sorted(set(times))


@pytest.mark.parametrize("interval", ["1s", "1m", "15m", "1h", "12h", "1d", "3d", "1w", "1M"])
def test_forming_candle(interval: str) -> None:
    """The forming candle comes last, ends in the future, and grows to what it is when closed."""
    with asking(seed=4, now_ms=NOW_MS) as own:
        [first] = own.rows(symbol="BTCUSDT", interval=interval, limit=1)
        assert first[0] <= NOW_MS <= first[6]
        own.box.clock.freeze((NOW_MS + first[6]) // 2)
        [second] = own.rows(symbol="BTCUSDT", interval=interval, limit=1)
        own.box.clock.freeze(first[6])
        [third] = own.rows(symbol="BTCUSDT", interval=interval, limit=1)
        own.box.clock.freeze(first[6] + 1)
        closed = own.rows(symbol="BTCUSDT", interval=interval, limit=2)[0]
    assert [*first[:2], first[6]] == [*closed[:2], closed[6]]
    for earlier, later in ((first, second), (second, third), (third, closed)):
        assert earlier[8] <= later[8]
        assert all(float(earlier[place]) <= float(later[place]) for place in (2, 5, 7, 9, 10))
        assert float(earlier[3]) >= float(later[3])
    assert third == closed


def test_forming_candle_is_the_sum_of_its_seconds(ask: Asker) -> None:
    """The forming hour holds exactly what its seconds up to now hold."""
    [hour] = ask.rows(symbol="BTCUSDT", interval="1h", limit=1)
    seconds = ask.rows(symbol="BTCUSDT", interval="1s", startTime=THIS_HOUR, limit=1000)
    assert len(seconds) == (NOW_MS - THIS_HOUR) // SECOND + 1
    assert seconds[-1][0] == NOW_MS // SECOND * SECOND
    assert hour[8] == sum(row[8] for row in seconds)
    assert hour[1] == seconds[0][1]
    assert hour[4] == seconds[-1][4]


def test_quiet_minutes_are_flat(ask: Asker) -> None:
    """A thin symbol has minutes without a trade: flat at the last close, volumes zero."""
    rows = ask.rows(symbol="DCRBTC", interval="1m", limit=1000)
    assert len(rows) == 1000
    flat = [(before, row) for before, row in pairwise(rows) if row[8] == 0]
    assert len(flat) > 300
    for before, row in flat:
        assert row[1] == row[2] == row[3] == row[4] == before[4]
        assert row[5] == row[7] == row[9] == row[10] == "0.00000000"


def test_outage_has_no_rows(ask: Asker) -> None:
    """While the exchange stands still there is no row of any symbol; candles across it are cut."""
    gap = next(each for each in draw_outages(1) if each.start % HOUR and each.end < NOW_MS)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        rows = ask.rows(
            symbol=symbol,
            interval="1s",
            startTime=gap.start - 5 * SECOND,
            endTime=gap.end + 4 * SECOND,
        )
        assert opens(rows) == [
            *range(gap.start - 5 * SECOND, gap.start, SECOND),
            *range(gap.end, gap.end + 5 * SECOND, SECOND),
        ]
    minutes = ask.rows(
        symbol="BTCUSDT", interval="1m", startTime=gap.start - HOUR, endTime=gap.end, limit=1000
    )
    assert opens(minutes)[-1] == gap.end // MINUTE * MINUTE
    assert len(minutes) < (gap.end - gap.start + HOUR) // MINUTE


def test_delisted_symbol(ask: Asker) -> None:
    """Old candles stay readable, the newest are the last there were, and nothing follows."""
    rows = ask.rows(symbol="XMRUSDT", interval="1h", limit=2)
    assert opens(rows)[-1] == 1_708_398_000_000 - HOUR
    assert ask.rows(symbol="XMRUSDT", interval="1h", startTime=1_708_398_000_000) == []


def test_not_yet_listed(ask: Asker) -> None:
    """A symbol that is listed later than the exchange's now does not exist."""
    assert ask.refusal("klines", "symbol=TIDEUSDT&interval=1h")[1] == -1121


def test_revised_candle(own: Asker) -> None:
    """A closed candle changes on request, in one interval, and only that candle."""
    before = own.rows(symbol="BTCUSDT", interval="1h", limit=5)
    own.box.revise("BTCUSDT", "1h", before[1][0])
    after = own.rows(symbol="BTCUSDT", interval="1h", limit=5)
    assert [row == old for row, old in zip(after, before, strict=True)] == [
        True, False, True, True, True,
    ]  # fmt: skip
    assert after[1][8] == before[1][8] + 1
    assert float(after[1][5]) > float(before[1][5])


def test_microseconds(ask: Asker) -> None:
    """With the header every time is in microseconds, and close times end in 999999."""
    unit = {"X-MBX-TIME-UNIT": "MICROSECOND"}
    plain = ask.rows(symbol="BTCUSDT", interval="1h", limit=2)
    answer = ask.get("klines", unit, symbol="BTCUSDT", interval="1h", limit=2).json()
    assert [row[0] for row in answer] == [row[0] * 1000 for row in plain]
    assert [row[6] for row in answer] == [row[6] * 1000 + 999 for row in plain]
    assert [row[1:6] + row[7:] for row in answer] == [row[1:6] + row[7:] for row in plain]
    assert ask.get("time", unit).json() == {"serverTime": NOW_MS * 1000}


def test_headers(ask: Asker) -> None:
    """Answers and errors carry the exchange's content type and headers."""
    for query in ("symbol=BTCUSDT&interval=1h", "symbol=NOPE&interval=1h"):
        answer = ask.fetch("GET", f"{ask.box.binance_url}/api/v3/klines?{query}")
        assert answer.headers["content-type"] == "application/json;charset=UTF-8"
        assert answer.headers["server"] == "nginx"
        assert int(answer.headers["x-mbx-used-weight-1m"]) > 0
        assert answer.headers["x-mbx-used-weight"] == answer.headers["x-mbx-used-weight-1m"]
