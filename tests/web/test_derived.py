"""Larger intervals over HTTP, summed of what is kept; and the recorded candles of the exchange."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from flask.testing import FlaskClient

from chandlery.candles.frame import Candles
from chandlery.candles.interval import DAY_MS, HOUR_MS
from chandlery.candles.series import Series
from chandlery.collect.importing import Told, import_file
from chandlery.collect.keeper import Keeper
from chandlery.errors import UnknownSeries
from chandlery.settings import read_settings
from chandlery.store import Store
from chandlery.web import create_app
from tests.web.looked_at import EARLIER, FRAME, MINUTES, START, answer, at, filled

HOURLY = "candles?series=binance:BTCUSDT:1h"


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """Two days of minutes."""
    with filled(tmp_path_factory.mktemp("derived")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(keeper: Keeper) -> FlaskClient:
    """Asks the interface."""
    return create_app(keeper).test_client()


def test_sums(client: FlaskClient) -> None:
    """An hour is the exact sum of its minutes, and says of what it is made."""
    body = answer(client, f"{HOURLY}&limit=1&until={at(60)}")
    assert (body["derived_from"], body["interval"], body["has_older"]) == (
        str(MINUTES),
        "1h",
        False,
    )
    row = dict(zip(body["columns"], body["rows"][0], strict=True))
    hour = FRAME.head(60)
    assert row["volume"] == f"{hour['volume'].sum():f}"
    assert Decimal(row["high"]) == hour["high"].max()
    assert (row["open"], row["close"]) == (f"{hour['open'][0]:f}", f"{hour['close'][-1]:f}")
    assert (row["trades"], row["close_time"]) == (hour["trades"].sum(), START + HOUR_MS - 1)


def test_doubts(client: FlaskClient) -> None:
    """Only hours that lack time nobody knows of are incomplete, not the exchange's own holes."""
    body = answer(client, HOURLY)
    assert body["incomplete"] == [[at(960), "never asked"], [at(1020), "never asked"]]
    assert (body["unfinished"], len(body["rows"])) == (1, 50)
    assert body["rows"][-1][0] == at(2940)
    response = client.get(f"/api/v1/{HOURLY}&limit=7&format=csv")
    assert response.headers["Chandlery-Derived-From"] == str(MINUTES)
    assert response.headers["Link"].endswith('>; rel="next"')


def test_change_is_seen_at_once(tmp_path: Path) -> None:
    """A minute that changes changes the hour and the tag of the answer."""
    with filled(tmp_path) as keeper:
        client = create_app(keeper).test_client()
        path = f"/api/v1/{HOURLY}&until={at(600)}"
        first = client.get(path)
        page = Candles(MINUTES, EARLIER.slice(200, 1))
        keeper.store.candles.keep(page, answered=None, source="rest")
        second = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert second.status_code == 200
        rows = second.get_json()["rows"]
        changed = [
            row[0] for row, old in zip(rows, first.get_json()["rows"], strict=True) if row != old
        ]
        assert changed == [at(180)]
        volume = (
            FRAME.slice(180, 60)["volume"].sum() - FRAME["volume"][200] + page.frame["volume"][0]
        )
        assert rows[3][5] == f"{volume:f}"


def test_intervals(client: FlaskClient) -> None:
    """The list of series says which intervals there are of the symbol."""
    (line,) = answer(client, "series")["series"]
    found = {one["interval"]: one["derived"] for one in line["intervals"]}
    assert found["1m"] is False
    assert {"3m", "5m", "1h", "1d", "3d", "1w", "1M"} < set(found)
    assert "1s" not in found
    for interval, derived in found.items():
        body = answer(client, f"candles?series=binance:BTCUSDT:{interval}&limit=5")
        assert body["rows"], interval
        assert body["derived_from"] == (str(MINUTES) if derived else None)


def test_not_to_be_had(client: FlaskClient) -> None:
    """Smaller intervals and other symbols are no sums of what is kept."""
    for series in ("binance:BTCUSDT:1s", "binance:ETHUSDT:1h"):
        assert client.get(f"/api/v1/candles?series={series}").status_code == 404


def test_python_door(keeper: Keeper) -> None:
    """The keeper's own verb gives the same, and names what is kept where there is nothing."""
    made = keeper.derived("binance:BTCUSDT:1d", last=2)
    assert made.candles.frame["open_time"].dt.epoch("ms").to_list() == [
        START + DAY_MS,
        START + 2 * DAY_MS,
    ]
    assert made.base == MINUTES
    with pytest.raises(UnknownSeries):
        keeper.derived("binance:ETHUSDT:1d")


@pytest.mark.parametrize("child", ["1m", "5m"])
def test_recorded_hours(child: str, recorded: Path, tmp_path: Path) -> None:
    """Sums of recorded minutes are the exchange's own hours, 167 of 167, to the last digit."""
    with Keeper(read_settings(home=tmp_path, csv="")) as keeper:
        series = imported(keeper.store, recorded, f"BTCUSDT_{child}_GA.csv.gz", child)
        made = keeper.derived("binance:BTCUSDT:1h", forming=False)
        assert made.base == series
    with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
        hours = other.candles.read(imported(other, recorded, "BTCUSDT_1h_GA.csv.gz", "1h")).frame
    doubtful = [ms for ms, _ in made.incomplete]
    whole = made.candles.frame.filter(~pl.col("open_time").dt.epoch("ms").is_in(doubtful))
    # Times are text in these files, so that a close is rounded up to a second there.
    theirs = hours.join(whole, on="open_time", how="semi").drop("close_time")
    assert whole.height == theirs.height == 167
    assert whole.drop("close_time").equals(theirs)


def imported(store: Store, recorded: Path, name: str, interval: str) -> Series:
    """The series of a recorded file."""
    series = Series.parse(f"binance:BTCUSDT:{interval}")
    import_file(recorded / "resample" / name, Told(series), store, now_ms=1_790_000_000_000)
    return series
