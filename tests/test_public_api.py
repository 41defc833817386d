"""`import chandlery`, as the README shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import chandlery
from chandlery.api import Flags
from chandlery.sandbox import Sandbox
from tests.sandbox.asking import NOW_MS

BTC = "binance:BTCUSDT:1h"


@pytest.fixture
def flags(tmp_path: Path) -> Iterator[Flags]:
    """Settings that lead to a sandbox in the middle of an hour, and an empty folder."""
    with Sandbox(now_ms=NOW_MS) as box:
        yield Flags(home=tmp_path, binance_url=box.binance_url)


def test_names() -> None:
    """The public names are sorted, and every one can be had."""
    assert chandlery.__all__ == sorted(chandlery.__all__)
    assert all(getattr(chandlery, name) is not None for name in chandlery.__all__)
    assert dir(chandlery) == chandlery.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = chandlery.nothing


def test_keeper(flags: Flags) -> None:
    """A few lines collect candles and read them as exact decimals and as floats."""
    with chandlery.open_keeper(**flags) as keeper:
        report = keeper.collect(BTC, last=500)
        candles = keeper.read(BTC, last=500)
    assert (report.ok, report.kept.new, len(candles), candles.closed.height) == (
        True,
        499,
        500,
        499,
    )
    floats = candles.to_floats()
    assert [f"{price:.2f}" for price in floats["close"].head(3)] == [
        str(price)[:-6] for price in candles.frame["close"].head(3)
    ]


def test_one_off(flags: Flags) -> None:
    """The same verbs work without a keeper, and times may be text."""
    chandlery.collect_candles(BTC, since="2024-01-01", until="2024-01-03", **flags)
    candles = chandlery.read_candles(BTC, since="2024-01-02", **flags)
    assert len(candles) == 24
    with pytest.raises(chandlery.ChandleryError, match="Nothing of binance:ETHUSDT:1h is kept"):
        chandlery.read_candles("binance:ETHUSDT:1h", **flags)


def test_derived(flags: Flags) -> None:
    """Larger candles and answers in SQL come from what is kept, as exact decimals."""
    chandlery.collect_candles(BTC, since="2024-01-01", until="2024-01-03", **flags)
    days = chandlery.resample_candles(BTC, "1d", since="2024-01-01", **flags)
    assert (days.frame.height, days.incomplete.height) == (2, 0)
    sums = chandlery.query_candles(
        "SELECT CAST(open_time AS DATE) AS day, sum(volume) AS volume FROM candles "
        "GROUP BY day ORDER BY day",
        **flags,
    )
    assert sums["volume"].to_list() == days.frame["volume"].to_list()
    with pytest.raises(chandlery.ChandleryError, match="The query cannot be answered"):
        chandlery.query_candles("SELECT CAST(symbol AS INTEGER) AS n FROM series", **flags)


def test_pandas_and_arrow(flags: Flags) -> None:
    """Pandas and pyarrow get the same candles, floats or exact."""
    chandlery.collect_candles(BTC, last=5, **flags)
    candles = chandlery.read_candles(BTC, **flags)
    table = candles.to_pandas()
    assert table.index.name == "open_time"
    assert table["close"].iloc[-1] == float(candles.frame["close"][-1])
    assert candles.to_pandas(exact=True)["close"].iloc[-1] == candles.frame["close"][-1]
    assert candles.to_arrow().column("close")[0].as_py() == candles.frame["close"][0]
