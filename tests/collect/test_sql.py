"""SQL over what is kept: the tables, what may not be asked, and what comes out."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import chdir
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.frame import SCHEMA, Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect import sql_text
from chandlery.collect.keeper import Keeper
from chandlery.collect.sql import explained
from chandlery.errors import BadFile, FileExists, InputError, UnknownFormat, UnknownSeries
from chandlery.settings import read_settings
from tests.candles import market

KEPT = ("binance:BTCUSDT:1h", "binance:ETHUSDT:1h", "binance:ETHBTC:1h", "binance:BTCUSDT:1d")
FRAMES = {
    name: market.frame(50, name.rpartition(":")[2], seed=seed) for seed, name in enumerate(KEPT)
}
BTC, ETH, ETHBTC, DAYS = FRAMES.values()


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """A keeper of four series, of which the last candle of each still forms."""
    with Keeper(read_settings(home=tmp_path_factory.mktemp("home"))) as opened:
        for name, frame in FRAMES.items():
            answered = Span(market.START_MS, int(frame["open_time"].dt.epoch("ms")[-1]))
            candles = Candles(Series.parse(name), frame, 1)
            opened.store.candles.keep(candles, answered=answered, source="test", request="/k")
        revised = ETHBTC.head(1).with_columns(trades=pl.lit(7, pl.Int64))
        again = Candles(Series.parse("binance:ETHBTC:1h"), revised)
        opened.store.candles.keep(again, answered=None, source="later")
        yield opened


def ask(keeper: Keeper, query: str) -> pl.DataFrame:
    """The whole answer."""
    return keeper.sql(query).collect()


def test_series_is_a_table(keeper: Keeper) -> None:
    """A kept series is a table by its name: its closed candles, in their own types."""
    frame = ask(keeper, 'SELECT * FROM "binance:BTCUSDT:1h"')
    assert frame.schema == SCHEMA
    assert frame.equals(BTC.head(49))
    assert ask(keeper, "FROM 'binance:btcusdt:1h' b SELECT b.close").equals(
        BTC.head(49).select("close")
    )


def test_sums_are_exact(keeper: Keeper) -> None:
    """Sums and products of decimals are decimals."""
    query = 'SELECT sum(volume) AS sold, max(close * volume) AS most FROM "binance:BTCUSDT:1h"'
    sold, most = ask(keeper, query).row(0)
    closed = BTC.head(49)
    assert sold == sum(closed["volume"].to_list())
    pairs = zip(closed["close"], closed["volume"], strict=True)
    assert most == max(close * volume for close, volume in pairs)


def test_series_are_joined(keeper: Keeper) -> None:
    """Several series meet in one query."""
    query = (
        'SELECT count(*) FROM "binance:BTCUSDT:1h" b JOIN "binance:ETHUSDT:1h" e '
        "ON b.open_time = e.open_time WHERE b.open_time >= '2023-11-15T10:00'"
    )
    assert ask(keeper, query).item() == 39


def test_patterns(keeper: Keeper) -> None:
    """A pattern is one table of all kept series that match, with the columns that tell whose."""
    frame = ask(keeper, 'SELECT * FROM "binance:*USDT:1h"')
    assert frame.columns == ["exchange", "symbol", "interval", *SCHEMA]
    owned = {name: part.drop("exchange", "symbol", "interval") for name, part in _owned(frame)}
    assert owned.keys() == {"binance:BTCUSDT:1h", "binance:ETHUSDT:1h"}
    assert owned["binance:ETHUSDT:1h"].equals(ETH.head(49))


def _owned(frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for owner, part in frame.group_by("exchange", "symbol", "interval"):
        yield ":".join(map(str, owner)), part


def test_all_candles(keeper: Keeper) -> None:
    """The table `candles` is everything, in any letters, also under another name."""
    query = (
        "WITH hourly AS (SELECT * FROM Candles WHERE interval = '1h') "
        "SELECT symbol, count(*) AS n, sum(volume) AS sold FROM hourly GROUP BY symbol ORDER BY 1"
    )
    assert ask(keeper, query).rows() == [
        (symbol, 49, sum(frame.head(49)["volume"].to_list()))
        for symbol, frame in (("BTCUSDT", BTC), ("ETHBTC", ETHBTC), ("ETHUSDT", ETH))
    ]
    assert ask(keeper, "SELECT count(*) FROM candles").item() == 4 * 49
    assert ask(keeper, "SELECT symbol, close FROM candles LIMIT 60").height == 60


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("symbol = 'BTCUSDT' AND interval = '1d'", 49),
        ("symbol IN ('ETHBTC', 'ETHUSDT') AND trades > 0", 98),
        ("symbol LIKE 'ETH%' AND trades IS NOT NULL AND exchange = 'binance'", 98),
        ("symbol = 'BTCUSDT' OR trades = 7", 99),
        ("NOT (symbol = 'BTCUSDT')", 98),
        ("exchange = 'nowhere'", 0),
        ("trades IS NULL", 0),
    ],
)
def test_conditions_on_the_series(keeper: Keeper, condition: str, count: int) -> None:
    """Conditions on exchange, symbol and interval choose among the series and lose nothing."""
    query = f"SELECT count(*) FROM candles WHERE {condition}"  # noqa: S608  our own
    assert ask(keeper, query).item() == count


def test_only_needed_series_are_read(tmp_path: Path) -> None:
    """Series that a condition rules out are not read: damage in them does not matter."""
    with Keeper(read_settings(home=tmp_path)) as keeper:
        for name in KEPT[:2]:
            candles = Candles(Series.parse(name), FRAMES[name])
            keeper.store.candles.keep(candles, answered=None, source="test")
        with sqlite3.connect(keeper.settings.database_path) as database:
            database.execute(
                "UPDATE candle SET volume = 'damaged' "
                "WHERE series_id = (SELECT id FROM series WHERE symbol = 'ETHUSDT')"
            )
        query = "SELECT sum(volume) AS sold FROM candles WHERE symbol = 'BTCUSDT' AND trades > 0"
        assert ask(keeper, query).item() == sum(BTC["volume"].to_list())
        with pytest.raises(pl.exceptions.PolarsError):
            ask(keeper, query.replace("BTCUSDT", "ETHUSDT"))


def test_both_tiers(tmp_path: Path) -> None:
    """A query sees the candles of the cold tier and of the hot one, each once."""
    minutes, series = market.frame(8_000), Series.parse("binance:BTCUSDT:1m")
    with Keeper(read_settings(home=tmp_path)) as keeper:
        keeper.store.candles.keep(Candles(series, minutes), answered=None, source="test")
        assert keeper.store.folding.fold(series, everything=True) > 0
        sold = minutes.filter(pl.col("trades") > 2_000)["volume"].sum()
        for table in (f'"{series}"', '"binance:BTC*:1m"', "candles"):
            query = f"SELECT count(*), sum(volume) FROM {table} WHERE trades > 2000"  # noqa: S608
            assert ask(keeper, query).row(0)[1] == sold
            everything = ask(keeper, f"SELECT * FROM {table}")  # noqa: S608
            assert everything.select(minutes.columns).sort("open_time").equals(minutes)


def test_revisions(keeper: Keeper) -> None:
    """The table `revisions` has the older versions of candles that changed."""
    query = "SELECT symbol, trades, source, replaced_ms >= known_ms AS later FROM revisions"
    assert ask(keeper, query).rows() == [("ETHBTC", ETHBTC["trades"][0], "test", True)]


@pytest.mark.parametrize(
    "condition",
    [
        "interval='1d'",
        "c.INTERVAL IN ('1d')",
        "\"interval\" = '1d' -- interval",
        "c.interval = '1d' AND open_time + INTERVAL '1 hour' > '2023-11-14'",
        "interval = '1d' AND 'interval' <> symbol",
    ],
)
def test_interval_is_a_column(keeper: Keeper, condition: str) -> None:
    """The word `interval` needs no quotes, though in SQL it begins a length of time."""
    query = f"SELECT DISTINCT interval FROM candles c WHERE {condition}"  # noqa: S608  our own
    assert ask(keeper, query).rows() == [("1d",)]


def test_catalogue(keeper: Keeper) -> None:
    """The table `series` says what is held of each."""
    query = "SELECT symbol, candles, first_time, revisions FROM series WHERE interval = '1h'"
    first = BTC["open_time"][0]
    assert sorted(ask(keeper, query).rows()) == [
        ("BTCUSDT", 49, first, 0),
        ("ETHBTC", 49, first, 1),
        ("ETHUSDT", 49, first, 0),
    ]


def test_ledger(keeper: Keeper) -> None:
    """The table `ledger` says what was asked, when, and what came of it."""
    query = "SELECT * FROM ledger WHERE symbol = 'BTCUSDT' AND interval = '1d'"
    (row,) = ask(keeper, query).rows(named=True)
    assert (row["start_time"], row["end_time"]) == (DAYS["open_time"][0], DAYS["open_time"][-1])
    assert (row["source"], row["request"]) == ("test", "/k")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM {}('{}')",
        "SELECT * FROM \"{}\"('{}')",
        "SELECT * FROM `{}`('{}')",
        "SELECT * FROM {} /* x */ ('{}')",
        "SELECT 1 AS a UNION SELECT * FROM {}('{}')",
        "SELECT * FROM series, {}('{}')",
        "SELECT (SELECT 1 FROM {}('{}')) AS a",
        "WITH a AS (SELECT * FROM {}('{}')) SELECT * FROM a",
        "SELECT E'\\'', * FROM {}('{}')",
        "-- '\nSELECT * FROM {}('{}')",
    ],
)
@pytest.mark.parametrize("reader", ["read_csv", "READ_CSV", "read_parquet", "read_json", "scan_x"])
def test_files_cannot_be_read(keeper: Keeper, tmp_path: Path, query: str, reader: str) -> None:
    """No query reads a file, however the name of the function is written."""
    path = tmp_path / "secret.csv"
    path.write_text("a\nsecret\n")
    with pytest.raises(InputError, match="not available: a query sees what is kept"):
        keeper.sql(query.format(reader, path))


@pytest.mark.parametrize("name", ["'{}'", '"{}"', "`{}`"])
def test_a_path_is_no_table(keeper: Keeper, tmp_path: Path, name: str) -> None:
    """A path in quotes is not opened either."""
    path = tmp_path / "secret.csv"
    path.write_text("a\nsecret\n")
    with pytest.raises(InputError, match=r"There is no table '.*secret\.csv'"):
        keeper.sql(f"SELECT * FROM {name.format(path)}")  # noqa: S608  our own


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE series",
        "CREATE TABLE x AS SELECT * FROM series",
        'DELETE FROM "binance:BTCUSDT:1h"',
        "TRUNCATE TABLE series",
        "INSERT INTO series VALUES (1)",
        "COPY (SELECT 1) TO 'x.csv'",
        "/* SELECT */ DROP TABLE series",
        "-- SELECT\nDROP TABLE series",
        "EXPLAIN SELECT 1",
        "",
        "   ",
    ],
)
def test_nothing_but_selects(keeper: Keeper, query: str) -> None:
    """A query that is no SELECT is refused and says with what it may begin."""
    with pytest.raises(InputError, match="A query begins with one of SELECT, WITH, FROM, VALUES"):
        keeper.sql(query)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT nope FROM series", 'unable to find column "nope"'),
        ("SELECT a b c FROM series", "sql parser error"),
        ("SELECT 1; SELECT 2", "one .* statement"),
        ("SELECT * FROM binance:BTCUSDT:1h", 'stand in double quotes, .* FROM "binance'),
        ("SELECT * FROM nowhere", "no table 'nowhere'. Tables are candles, series, ledger"),
        ("SELECT no_such(close) FROM candles", "unsupported function 'no_such'"),
    ],
)
def test_mistakes(keeper: Keeper, query: str, message: str) -> None:
    """What polars finds wrong is said in one line, with what to do."""
    with pytest.raises(InputError, match=message) as caught:
        keeper.sql(query)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["binance:BTCUSD:1h", "binance:*DOGE:1h"])
def test_unknown_series(keeper: Keeper, name: str) -> None:
    """A series or pattern of which nothing is kept is named, with the nearest that is."""
    with pytest.raises(UnknownSeries, match=f"Nothing of .*{name[-6:]} is kept"):
        keeper.sql(f'SELECT * FROM "{name}"')  # noqa: S608  our own
    with pytest.raises(UnknownSeries, match="Nearest: binance:BTCUSDT:1h"):
        keeper.sql('SELECT * FROM "binance:BTCUSD:1h"')


def test_late_mistakes(keeper: Keeper) -> None:
    """What goes wrong only while the query runs is said in the same way."""
    answer = keeper.sql("SELECT CAST(symbol AS INTEGER) AS n FROM series")
    with pytest.raises(InputError, match="The query cannot be answered"), explained():
        answer.collect()


ODD = (
    "SELECT CAST('0.10000001' AS DECIMAL(38,8)) AS price, first_time AS at, symbol, "
    "CAST(NULL AS BIGINT) AS none FROM series WHERE symbol = 'ETHBTC'"
)


def test_text_forms(keeper: Keeper) -> None:
    """Table, CSV and JSON print decimals to the last digit, and times in UTC."""
    answer = keeper.sql(ODD)
    text, whole = sql_text.table_text(answer)
    names, values = (line.split() for line in text.splitlines())
    assert names == ["price", "at", "symbol", "none"]
    assert values == ["0.10000001", "2023-11-15T00:00:00.000Z", "ETHBTC", "-"]
    assert whole
    assert "".join(sql_text.csv_parts(answer)) == (
        "price,at,symbol,none\n0.10000001,2023-11-15T00:00:00.000Z,ETHBTC,\n"
    )
    assert json.loads("".join(sql_text.json_parts(answer))) == [
        {
            "price": "0.10000001",
            "at": "2023-11-15T00:00:00.000Z",
            "symbol": "ETHBTC",
            "none": None,
        }
    ]


def test_long_answers(keeper: Keeper) -> None:
    """A table ends after 1,000 rows and says so; CSV and JSON are whole, in parts."""
    answer = keeper.sql("SELECT a.close FROM candles a, candles b").head(25_000)
    text, whole = sql_text.table_text(answer)
    assert (len(text.splitlines()), whole) == (1_001, False)
    assert len("".join(sql_text.csv_parts(answer)).splitlines()) == 25_001
    assert len(json.loads("".join(sql_text.json_parts(answer)))) == 25_000
    assert sql_text.table_text(keeper.sql("SELECT close FROM candles").head(3))[1]


def test_no_rows(keeper: Keeper) -> None:
    """An answer without rows keeps its header and is valid JSON."""
    answer = keeper.sql("SELECT symbol FROM series WHERE symbol = 'x'")
    assert "".join(sql_text.csv_parts(answer)) == "symbol\n"
    assert json.loads("".join(sql_text.json_parts(answer))) == []
    assert sql_text.table_text(answer) == ("symbol", True)


def test_files(keeper: Keeper, tmp_path: Path) -> None:
    """Files are written whole, once, and give the exact values back."""
    answer = keeper.sql('SELECT open_time, close FROM "binance:BTCUSDT:1h"')
    for form in ("csv", "json", "parquet"):
        sql_text.write_answer(answer, tmp_path / f"x.{form}", form)
    expected = BTC.head(49).select("open_time", "close")
    assert pl.read_parquet(tmp_path / "x.parquet").equals(expected)
    texts = pl.read_csv(tmp_path / "x.csv", infer_schema=False)["close"].to_list()
    assert [Decimal(text) for text in texts] == expected["close"].to_list()
    assert [row["close"] for row in json.loads((tmp_path / "x.json").read_text())] == texts
    with pytest.raises(FileExists):
        sql_text.write_answer(answer, tmp_path / "x.csv", "csv")
    sql_text.write_answer(answer.head(1), tmp_path / "x.csv", "csv", force=True)
    assert len((tmp_path / "x.csv").read_text().splitlines()) == 2
    with pytest.raises(UnknownFormat, match=r"'xls' is not a known format\. Known: csv, json"):
        sql_text.write_answer(answer, tmp_path / "x.xls", "xls")
    with pytest.raises(BadFile, match="cannot be written"):
        sql_text.write_answer(answer, tmp_path / "no" / "x.csv", "csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv", "x.json", "x.parquet"]


def test_documented_queries(keeper: Keeper) -> None:
    """Every query of the page about SQL gives rows."""
    page = (Path(__file__).parents[2] / "docs" / "sql.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert len(queries) == 7
    assert [query for query in queries if ask(keeper, query).is_empty()] == []


def test_documented_columns(keeper: Keeper) -> None:
    """The page's table of tables names the columns as they are."""
    page = (Path(__file__).parents[2] / "docs" / "sql.md").read_text(encoding="utf-8")
    for name in ("series", "ledger"):
        (line,) = re.findall(rf"^\| `{name}` .*$", page, re.MULTILINE)
        columns = keeper.sql(f"SELECT * FROM {name}").collect_schema().names()  # noqa: S608
        assert re.findall(r"`(\w+)`", line) == [name, *columns]


def test_documented_readers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page's lines for polars and deltalake open the cold tier as it is written."""
    hours, series = market.frame(6_000, "1h"), Series.parse("binance:BTCUSDT:1h")
    with Keeper(read_settings(home=tmp_path / "chandlery-data")) as keeper:
        keeper.store.candles.keep(Candles(series, hours), answered=None, source="test")
        folded = keeper.store.folding.fold(series, everything=True)
    page = (Path(__file__).parents[2] / "docs" / "sql.md").read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    with chdir(tmp_path):
        for program in programs:
            if "duckdb" not in program and "spark" not in program:
                exec(program, {})  # noqa: S102  our own page
        lake = pl.scan_delta("chandlery-data/lake/binance/1h")
        assert set(lake.collect_schema().names()) == {*SCHEMA, "known_ms", "source", "symbol"}
        assert lake.select("close").collect()["close"].sum() == hours["close"].head(folded).sum()
    assert capsys.readouterr().out.endswith(f"{folded}\n")
