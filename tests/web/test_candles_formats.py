"""Candles over HTTP in each form: exact, named, paged, compressed."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator

import polars as pl
import pytest
from flask.testing import FlaskClient

from chandlery.candles.frame import SCHEMA, Candles
from chandlery.candles.series import Series
from chandlery.collect.keeper import Keeper
from chandlery.web import create_app
from tests.web.looked_at import COUNT, FRAME, MINUTES, answer, at, filled

CANDLES = f"/api/v1/candles?series={MINUTES}"
TYPES = {
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """Two days of minutes."""
    with filled(tmp_path_factory.mktemp("formats")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(keeper: Keeper) -> FlaskClient:
    """Asks the interface."""
    return create_app(keeper).test_client()


def read(form: str, data: bytes) -> pl.DataFrame:
    """The candles of a file, as others would read it."""
    if form == "csv":
        texts = pl.read_csv(data, infer_schema=False)
        times = pl.col("open_time", "close_time").str.to_datetime(time_unit="ms", time_zone="UTC")
        return texts.with_columns(times).cast(pl.Schema(SCHEMA))
    if form == "parquet":
        return pl.read_parquet(io.BytesIO(data))
    return pl.read_ipc_stream(io.BytesIO(data))


@pytest.mark.parametrize("form", TYPES)
@pytest.mark.parametrize("by", ["format", "accept"])
def test_exact_in_every_form(client: FlaskClient, form: str, by: str) -> None:
    """Every value comes back digit for digit, whichever way the form was asked for."""
    asked = f"&format={form}" if by == "format" else ""
    headers = {"Accept": TYPES[form]} if by == "accept" else {}
    response = client.get(f"{CANDLES}&limit=300{asked}", headers=headers)
    assert response.status_code == 200
    assert response.mimetype == TYPES[form]
    frame = read(form, response.data)
    assert frame.select(list(SCHEMA)).equals(FRAME.tail(300))
    assert response.headers["Chandlery-Unfinished"] == "1"
    told = response.headers["Content-Disposition"]
    assert told.startswith('attachment; filename="binance_BTCUSDT_1m.')


def test_csv_has_named_columns(client: FlaskClient) -> None:
    """The first line names the columns; times are ISO 8601, decimals the exchange's own text."""
    lines = client.get(f"{CANDLES}&limit=1&forming=false&format=csv").text.splitlines()
    assert lines[0] == ",".join(SCHEMA)
    assert lines[1].startswith("2023-11-17T01:58:00.000Z,")
    assert f"{FRAME['volume'][COUNT - 2]:f}" in lines[1]


def test_forming(client: FlaskClient) -> None:
    """Unfinished candles are left out where they are not wanted, and the count stays."""
    body = answer(client, f"candles?series={MINUTES}&limit=10&forming=false")
    assert (body["unfinished"], len(body["rows"])) == (0, 10)
    assert body["rows"][-1][0] == at(COUNT - 2)
    body = answer(client, f"candles?series={MINUTES}&limit=10")
    assert (body["unfinished"], body["rows"][-1][0]) == (1, at(COUNT - 1))


@pytest.mark.parametrize("form", ["", "&format=csv"])
def test_pages_lead_to_the_beginning(client: FlaskClient, form: str) -> None:
    """The Link header leads from page to page until nothing is older; no candle is lost."""
    path = f"{CANDLES}&limit=700&since={at(500)}{form}"
    seen = 0
    while path:
        response = client.get(path)
        rows = response.get_json()["rows"] if not form else response.text.splitlines()[1:]
        seen += len(rows)
        link = response.headers.get("Link", "")
        assert not link or link.endswith('>; rel="next"')
        if not form:
            assert response.get_json()["has_older"] == bool(link)
        path = link.removeprefix("<").partition(">")[0]
    assert seen == len(FRAME) - 500 - 30 - 10


def test_exactly_all(client: FlaskClient) -> None:
    """A page that holds all of the asked time has nothing older."""
    asked = f"candles?series={MINUTES}&since={at(0)}&until={at(5)}"
    assert answer(client, f"{asked}&limit=5")["has_older"] is False
    assert answer(client, f"{asked}&limit=4")["has_older"] is True


def test_compression(client: FlaskClient) -> None:
    """Long bodies are compressed for those who take that, with a tag of their own; not Parquet."""
    plain = client.get(CANDLES)
    packed = client.get(CANDLES, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    same = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert client.get(CANDLES, headers=same).status_code == 304
    refused = client.get(CANDLES, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers
    for short in (f"{CANDLES}&limit=1", f"{CANDLES}&format=parquet"):
        answered = client.get(short, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in answered.headers


def test_browsers_get_json(client: FlaskClient) -> None:
    """Whoever asks for anything, or for a page, gets JSON."""
    for accepts in ("*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "image/png"):
        response = client.get(f"{CANDLES}&limit=1", headers={"Accept": accepts})
        assert response.mimetype == "application/json"


def test_unknown_form(client: FlaskClient) -> None:
    """A form that does not exist is refused, with those that do."""
    error = client.get(f"{CANDLES}&format=xlsx")
    assert error.status_code == 422
    assert "parquet" in error.get_json()["error"]["parameters"][0]["allowed"]


def test_file_name_is_safe(keeper: Keeper, client: FlaskClient) -> None:
    """Whatever a symbol is called, the header stays one header, and a month is no minute."""
    odd = Series.parse('binance:Ü"BTC;x:1M')
    month = FRAME.head(1)
    keeper.store.candles.keep(Candles(odd, month), answered=None, source="file")
    told = client.get("/api/v1/candles", query_string={"series": str(odd), "format": "csv"})
    assert told.headers["Content-Disposition"] == (
        'attachment; filename="binance___BTC_x_1mo.csv"; '
        "filename*=UTF-8''binance_%C3%9C%22BTC%3Bx_1mo.csv"
    )
