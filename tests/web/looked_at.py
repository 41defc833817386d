"""A keeper over two days of minutes in which everything happens that can be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from flask.testing import FlaskClient

from chandlery.candles.frame import Candles
from chandlery.candles.interval import MINUTE_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.collect.keeper import Keeper
from chandlery.settings import read_settings
from chandlery.store import Entry
from tests.candles import market

MINUTES: Final = Series.parse("binance:BTCUSDT:1m")
START: Final = market.START_MS
"""A midnight; nothing was traded before."""
COUNT: Final = 3000
FRAME: Final = market.frame(COUNT)
EARLIER: Final = market.frame(COUNT, seed=2)
REVISED: Final = (100, 103)
FAILED: Final = (1000, 1010)
UNASKED: Final = (1010, 1030)
EMPTY: Final = (1500, 1510)
ERROR: Final = "the exchange answered 503"
NOW: Final = START + (COUNT - 1) * MINUTE_MS + 30_000


def at(minute: int) -> int:
    """Epoch milliseconds."""
    return START + minute * MINUTE_MS


def span(start: int, end: int) -> Span:
    """From one minute to another."""
    return Span(at(start), at(end))


def filled(home: Path) -> Keeper:
    """The keeper; its last minute still forms."""
    settings = read_settings(home=home, series=str(MINUTES), csv="")
    keeper = Keeper(settings, clock=FrozenClock(NOW))
    kept = keeper.store.candles
    kept.keep(Candles(MINUTES), answered=Span(0, START), source="rest", request="before")
    for start, end in ((0, FAILED[0]), (UNASKED[1], EMPTY[0])):
        page = Candles(MINUTES, FRAME.slice(start, end - start))
        kept.keep(page, answered=span(start, end), source="rest", request="klines")
    before = EARLIER.slice(REVISED[0], REVISED[1] - REVISED[0])
    after = FRAME.slice(REVISED[0], REVISED[1] - REVISED[0])
    for version, source in ((before, "archive"), (after, "rest")):
        kept.keep(Candles(MINUTES, version), answered=None, source=source)
    kept.keep(Candles(MINUTES), answered=span(*EMPTY), source="rest", request="hole")
    rest = FRAME.slice(EMPTY[1], COUNT - EMPTY[1])
    kept.keep(Candles(MINUTES, rest, 1), answered=span(EMPTY[1], COUNT - 1), source="rest")
    failure = Entry(span(*FAILED), "failed", NOW, "rest", "klines", error=ERROR)
    keeper.store.ledger.fail(MINUTES, failure)
    return keeper


def answer(client: FlaskClient, path: str) -> Any:  # noqa: ANN401
    """What a good answer says."""
    response = client.get(f"/api/v1/{path}")
    assert response.status_code == 200, response.text
    return response.get_json()
