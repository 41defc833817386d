"""What people and exchanges may write where a name or a number belongs, and what comes of it.

Parsers by themselves are tried by `test_fuzz`; here the whole program gets names that are attacks.
What a browser makes of them is looked at in `tests/web/test_hostile_names.py`.
"""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import polars as pl
import pytest

from chandlery.candles.files import read_candles
from chandlery.candles.series import Series
from chandlery.collect import sql_text
from chandlery.collect.exporting import targets, write
from chandlery.collect.keeper import Keeper
from chandlery.errors import BadSeries
from chandlery.store import FoldPolicy, Store, sqlite_url
from chandlery.web import Server, create_app
from tests.torture.hostile import CANDLES, COIN, UNUSABLE, USABLE, hostile_keeper
from tests.waiting import within

SECONDS: Final = 2.0
"""No question may keep the server for longer, however large its numbers are."""
SECRET: Final = "root:x:0:0"


@dataclass(frozen=True)
class Desk:
    """A keeper of everything that the hostile exchange lists, and its page."""

    keeper: Keeper
    url: str

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Status and body of a path that is sent as it is written."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """Every usable symbol collected, folded and exported to its CSV; market caps as well."""
    with hostile_keeper() as keeper:
        assert keeper.refresh_market_caps() is None
        for series in keeper.listed_series():
            report = keeper.keep_current(series, last=CANDLES)
            assert report.ok, report.failure
        fold_all(keeper)
        with Server(create_app(keeper), port=0) as server:
            yield Desk(keeper, server.url)


def fold_all(keeper: Keeper) -> None:
    """Move all but the newest candles into files of the lake."""
    settings, policy = keeper.settings, FoldPolicy(keep_hot=5, least=10)
    url = sqlite_url(settings.database_path)
    with Store.open(url, lake=settings.lake_place, clock=keeper.clock, policy=policy) as store:
        for series in keeper.wanted_series():
            assert store.folding.fold(series, everything=True) > 0


def series_of(symbol: str) -> Series:
    """The hourly candles of a symbol."""
    return Series("binance", symbol, Series.parse("binance:X:1h").interval)


def test_hostile_symbols_are_symbols_or_left_out(desk: Desk) -> None:
    """What is merely odd is kept, candle by candle, and nothing that leads elsewhere."""
    assert {one.symbol for one in desk.keeper.wanted_series()} == set(USABLE)
    for symbol in USABLE:
        held = desk.keeper.read(series_of(symbol), last=CANDLES)
        assert (len(held), held.unfinished) == (CANDLES, 1)
        assert desk.keeper.store.prove(series_of(symbol)).holds
    for symbol in UNUSABLE:
        if symbol != "*":
            with pytest.raises(BadSeries):
                Series.parse(f"binance:{symbol}:1h")


def test_no_file_lies_outside(desk: Desk, tmp_path: Path) -> None:
    """Store, CSV and exports lie in the folders that people named, whatever symbols are called."""
    home = Path(desk.keeper.settings.home)
    assert {path.name for path in home.parent.parent.iterdir()} == {"in"}
    beside = {path.name for path in home.parent.iterdir() if not path.name.startswith(".")}
    assert beside == {"home", *(f"csv-{symbol}-1h.csv" for symbol in USABLE)}
    lake = {path.relative_to(home / "lake").parts[0] for path in (home / "lake").rglob("*.parquet")}
    assert len(lake) == 1
    asked = [str(series_of(symbol)) for symbol in USABLE]
    for form in ("backtesting", "freqtrade"):
        folder = tmp_path / form / "folder"
        for target in targets(desk.keeper, asked, folder, form=form, force=False):
            assert target.path.parent == folder
            write(desk.keeper.scan(target.series), target, form=form, force=False)
        assert len(list(folder.iterdir())) == len(USABLE)
        assert list(folder.parent.iterdir()) == [folder]


def test_the_csv_is_the_truth(desk: Desk) -> None:
    """The CSV of every odd symbol has its candles, as they are kept."""
    for symbol in USABLE:
        path = Path(desk.keeper.settings.home).parent / f"csv-{symbol}-1h.csv"
        kept = desk.keeper.read(series_of(symbol), last=CANDLES)
        assert read_candles(path).equals(kept.frame)


STATEMENTS: Final[tuple[str | bytes, ...]] = (
    *("'; DROP TABLE candle;--", "' OR '1'='1", '" OR ""="', "x' UNION SELECT 1--"),
    *("%", "_", "\\", "\x00", b"\xed\xa0\x80"),
)
TAKERS: Final = ("runs?series=", "runs?before=", "symbols?query=", "symbols?exchange=", "tasks/")


def test_no_statement_is_carried_out(desk: Desk) -> None:
    """Names with quotes and statements in them are asked for and answered like any other."""
    for symbol in USABLE:
        status, body = desk.get(f"/api/v1/candles?series={quote(str(series_of(symbol)))}&limit=500")
        assert status == 200
        assert len(json.loads(body)["rows"]) == CANDLES
    for name, path in itertools.product(STATEMENTS, TAKERS):
        status, _ = desk.get(f"/api/v1/{path}{quote(name)}")
        assert status in {200, 404, 422}
    _, body = desk.get("/api/v1/symbols?query=%25")
    assert {one["symbol"] for one in json.loads(body)["symbols"]} == {"..%2F..%2FX", "%2E%2E"}
    assert len(desk.keeper.store.catalogue()) == len(USABLE)


def test_coin_names_are_text(desk: Desk) -> None:
    """Names of coins come back from the API as they were, and no page holds them as markup."""
    status, body = desk.get("/api/v1/market-caps?top=10")
    assert status == 200
    assert json.loads(body)["coins"][0]["name"] == COIN
    for path in ("/", "/market", "/coverage", "/jobs", f"/?series={quote(COIN)}", "/%3Cimg%3E"):
        _, page = desk.get(path, Accept="text/html")
        assert COIN.encode() not in page
        assert b"<IMG" not in page


OUTSIDE: Final = (
    "../../../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "%252e%252e/%252e%252e/etc/passwd",
    "..%5c..%5c..%5cetc%5cpasswd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "assets/../../factory.py",
    "..;/factory.py",
    "manifest.json%00.css",
    "%c0%ae%c0%ae/factory.py",
)


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_way_out_of_the_static_folder(desk: Desk, path: str) -> None:
    """No spelling of a path leads out of the files of the page."""
    for prefix in ("/static/", "/", "/api/v1/"):
        status, body = desk.get(prefix + path)
        assert status in {301, 308, 400, 404}
        assert SECRET.encode() not in body
        assert b"import" not in body


PATHS: Final = ("binance:../../x:1h", "../x:A:1h", "binance:..:1h", "binance:/etc:1h")


@pytest.mark.parametrize("series", PATHS)
def test_no_series_is_a_path(desk: Desk, series: str) -> None:
    """A series that would be a path is refused in every spelling, by every part that takes one."""
    for text in (series, quote(series, safe=""), quote(series, safe="").replace(".", "%2e")):
        for path in ("candles?series=", "gaps?series=", "coverage?series=", "events?series="):
            status, _ = desk.get(f"/api/v1/{path}{text}")
            assert status == 422


def test_no_cell_is_a_formula(desk: Desk, tmp_path: Path) -> None:
    """In a CSV of a query text that a spreadsheet would calculate is text; numbers stay."""
    answer = desk.keeper.sql(
        "SELECT symbol, -1.5 AS less, CAST(-candles AS VARCHAR) AS few, symbol || '-' AS joined "
        "FROM series ORDER BY symbol"
    )
    sql_text.write_answer(answer, tmp_path / "x.csv", "csv")
    for text in ("".join(sql_text.csv_parts(answer)), (tmp_path / "x.csv").read_text()):
        table = pl.read_csv(text.encode(), infer_schema=False)
        cells = set(table["symbol"])
        assert {"'=1+1", "'@SUM(1)"} <= cells
        assert cells - {"'=1+1", "'@SUM(1)"} == set(USABLE) - {"=1+1", "@SUM(1)"}
        assert set(table["less"]) == {"-1.5"}
        assert set(table["few"]) == {f"-{CANDLES - 1}"}
        assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in table["joined"])
    wholes = json.loads("".join(sql_text.json_parts(answer)))
    assert "=1+1" in {row["symbol"] for row in wholes}


def test_no_query_over_http(desk: Desk) -> None:
    """SQL is for the person at the terminal: no operation of the API takes a query."""
    _, body = desk.get("/api/v1/openapi.json")
    described = json.loads(body)["paths"]
    assert not any("sql" in path for path in described)
    for path in ("sql", "query", "sql?query=SELECT%201"):
        assert desk.get(f"/api/v1/{path}")[0] == 404


BTC: Final = quote("binance:币安:1h")
LONG: Final = "since=1970-01-01&until=253402300799999"
LARGE: Final = (
    (200, f"candles?series={BTC}&limit=5000&{LONG}"),
    (200, f"candles?series={BTC.replace('1h', '1M')}&limit=5000&{LONG}"),
    (200, f"candles?series={BTC.replace('1h', '12h')}&limit=1&until=9999-12-31"),
    (200, f"gaps?series={BTC}&limit=5000&{LONG}"),
    (200, f"revisions?series={BTC}&limit=5000&{LONG}"),
    (200, f"coverage?series={BTC}"),
    (200, f"candle?series={BTC}&open_ms=253402300799999"),
    (200, f"market-caps/history?points=500&{LONG}"),
    (200, "runs?limit=500&before=9999-12-31"),
    (422, f"candles?series={BTC}&limit=5001"),
    (422, f"candles?series={BTC}&limit=" + "9" * 5_000),
    (422, f"candles?series={BTC}&since=253402300800000"),
    (422, f"candles?series={BTC}&until=" + "9" * 400),
    (422, f"gaps?series={BTC}&limit=100000"),
    (422, "market-caps/history?points=501"),
    (422, "symbols?query=" + "x" * 101),
    (422, "events?series=" + ",".join(f"binance:A{n}:1s" for n in range(1_000))),
    (404, "candles?" + "&".join(f"series=binance:A{n}:1h" for n in range(1_000))),
)


@pytest.mark.parametrize(("status", "path"), LARGE, ids=[path[:60] for _, path in LARGE])
def test_large_questions_are_bounded(desk: Desk, status: int, path: str) -> None:
    """The largest question that is allowed is answered soon, and a larger one is refused."""
    with within(SECONDS):
        found, body = desk.get(f"/api/v1/{path}")
    assert found == status, body[:300]
    assert len(body) < 2_000_000


def test_deep_paging(desk: Desk) -> None:
    """Pages of one candle lead to the first one and end there, each in bounded time."""
    until, seen = "", 0
    for _ in itertools.count():
        with within(SECONDS):
            _, body = desk.get(f"/api/v1/candles?series={BTC}&limit=1{until}")
        candles = json.loads(body)["rows"]
        if not candles:
            break
        seen += 1
        until = f"&until={candles[0][0]}"
    assert seen == CANDLES


@pytest.mark.parametrize("where", ["path", "header", "headers", "query"])
def test_endless_heads(desk: Desk, where: str) -> None:
    """A megabyte of address or headers is refused, and the next visitor is served."""
    length = 1 << 20
    try:
        if where == "headers":
            status, _ = desk.get("/", **{f"X-{n}": "x" * 1_000 for n in range(1_000)})
        elif where == "header":
            status, _ = desk.get("/", Cookie="x" * length)
        else:
            status, _ = desk.get(("/" if where == "path" else "/?x=") + "x" * length)
    except (ConnectionError, http.client.HTTPException):
        status = 413  # it hung up while the rest was on its way
    assert status in {400, 413, 414, 431}
    assert desk.get("/healthz")[0] in {200, 503}
