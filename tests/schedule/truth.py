"""What is kept, held against what the exchange serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import polars as pl

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import SystemClock
from chandlery.collect.gaps import find_gaps
from chandlery.exchanges.registry import open_exchange
from chandlery.sandbox import Sandbox
from chandlery.store import Store


def last_closed_ms(url: str, series: str) -> int:
    """The open time of the newest closed candle that is kept; 0 when there is none."""
    with Store.open(url) as store:
        found = [line.last_ms for line in store.catalogue() if str(line.series) == series]
    return (found[0] or 0) if found else 0


def assert_true_and_whole(url: str, series: str, box: Sandbox) -> int:
    """Every closed candle from the first to the last is kept as served; says how many."""
    wanted = Series.parse(series)
    with Store.open(url) as store:
        kept = store.candles.read(wanted, forming=False).frame
        gaps = find_gaps(wanted, store, now_ms=1)  # none after the last candle
        holes = [gap for gap in gaps if gap.candles and gap.reason == "never asked"]
    assert holes == []
    assert not kept.is_empty()
    opens = kept["open_time"].dt.epoch("ms")
    span = Span(int(opens[0]), int(opens[-1]) + 1)
    served = pl.concat(list(_served(wanted, span, box)))
    differing = kept.join(served, on="open_time", how="anti").height
    assert (differing, kept.equals(served)) == (0, True)
    return kept.height


def _served(series: Series, span: Span, box: Sandbox) -> Iterator[pl.DataFrame]:
    exchange = open_exchange("binance", urls=[box.binance_url], clock=SystemClock())
    start = span.start
    with closing(exchange):
        while start < span.end:
            page = exchange.oldest(series, Span(start, span.end), exchange.page_limit)
            if page.candles.span is None:
                return
            yield page.candles.frame
            start = page.candles.span.end
