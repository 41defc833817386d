"""A store of any older version is carried forward; a newer one is left alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from chandlery.candles.interval import HOUR_MS, Interval
from chandlery.candles.series import Series
from chandlery.clock import SystemClock
from chandlery.errors import StoreCorrupt, StoreTooNew
from chandlery.store import Store, sqlite_url
from chandlery.store.sql.database import Database
from chandlery.store.sql.migrations import MIGRATIONS
from chandlery.store.sql.schema import METADATA
from tests.store.eager import SMALL
from tests.store.pages import BTC, hours, page, prices, same

VERSION_1 = """
CREATE TABLE chandlery_version (version BIGINT NOT NULL);
INSERT INTO chandlery_version VALUES (1);
CREATE TABLE series (
    id INTEGER NOT NULL PRIMARY KEY,
    exchange TEXT NOT NULL, symbol TEXT NOT NULL, interval TEXT NOT NULL,
    candles BIGINT NOT NULL, first_ms BIGINT, last_ms BIGINT, revisions BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL, UNIQUE (exchange, symbol, interval));
CREATE TABLE candle (
    series_id BIGINT NOT NULL REFERENCES series (id), open_ms BIGINT NOT NULL,
    open TEXT, high TEXT, low TEXT, close TEXT, volume TEXT, close_ms BIGINT,
    quote_volume TEXT, trades BIGINT, taker_buy_volume TEXT, taker_buy_quote_volume TEXT,
    closed SMALLINT NOT NULL, known_ms BIGINT NOT NULL, source TEXT NOT NULL,
    PRIMARY KEY (series_id, open_ms)) WITHOUT ROWID;
CREATE INDEX candle_forming ON candle (series_id, open_ms) WHERE closed = 0;
CREATE TABLE revision (
    id INTEGER NOT NULL PRIMARY KEY,
    series_id BIGINT NOT NULL REFERENCES series (id), open_ms BIGINT NOT NULL,
    open TEXT, high TEXT, low TEXT, close TEXT, volume TEXT, close_ms BIGINT,
    quote_volume TEXT, trades BIGINT, taker_buy_volume TEXT, taker_buy_quote_volume TEXT,
    closed SMALLINT NOT NULL, known_ms BIGINT NOT NULL, source TEXT NOT NULL,
    replaced_ms BIGINT NOT NULL);
CREATE INDEX revision_open ON revision (series_id, open_ms);
CREATE TABLE ledger (
    series_id BIGINT NOT NULL REFERENCES series (id), start_ms BIGINT NOT NULL,
    end_ms BIGINT NOT NULL, state TEXT NOT NULL, asked_ms BIGINT NOT NULL, source TEXT NOT NULL,
    request TEXT NOT NULL, PRIMARY KEY (series_id, start_ms)) WITHOUT ROWID;
CREATE TABLE snapshot (
    currency TEXT NOT NULL, taken_ms BIGINT NOT NULL,
    PRIMARY KEY (currency, taken_ms)) WITHOUT ROWID;
CREATE TABLE coin (
    currency TEXT NOT NULL, taken_ms BIGINT NOT NULL, place BIGINT NOT NULL, id TEXT NOT NULL,
    symbol TEXT NOT NULL, name TEXT NOT NULL, rank BIGINT, price TEXT, market_cap TEXT,
    volume_24h TEXT, change_24h_percent TEXT, last_updated_ms BIGINT,
    PRIMARY KEY (currency, taken_ms, place),
    FOREIGN KEY (currency, taken_ms) REFERENCES snapshot (currency, taken_ms)) WITHOUT ROWID;
CREATE TABLE permit (name TEXT NOT NULL PRIMARY KEY, granted_ms BIGINT NOT NULL);
CREATE TABLE listing (exchange TEXT NOT NULL PRIMARY KEY, fetched_ms BIGINT NOT NULL);
CREATE TABLE symbol (
    exchange TEXT NOT NULL REFERENCES listing (exchange), place BIGINT NOT NULL,
    symbol TEXT NOT NULL, base TEXT NOT NULL, quote TEXT NOT NULL, status TEXT NOT NULL,
    price_decimals BIGINT, PRIMARY KEY (exchange, place)) WITHOUT ROWID;
CREATE TABLE run (
    id TEXT NOT NULL PRIMARY KEY, series TEXT NOT NULL, started_ms BIGINT NOT NULL,
    ended_ms BIGINT, outcome TEXT NOT NULL, report_json TEXT NOT NULL);
CREATE INDEX run_started ON run (started_ms, id);
CREATE INDEX run_series ON run (series, started_ms, id);
INSERT INTO series VALUES (7, 'binance', 'BTCUSDT', '1h', 1, 3600000, 3600000, 0, 5);
INSERT INTO candle VALUES (7, 3600000, '1.00000000', '1.00000000', '1.00000000', '1.00000000',
    '1.00000000', 7199999, '1.00000000', 1, '1.00000000', '1.00000000', 1, 5, 'rest');
"""
"""A store as the first released version wrote it. Never change it."""


MONTHS = Interval.parse("1M").grid(0, 250 * 24 * HOUR_MS).dt.epoch("ms").to_list()
del MONTHS[4]
"""From January to September, without May, which follows a month of thirty days."""


def add_note(conn: sa.Connection, words: Mapping[str, str]) -> None:
    """What a later version could want: a column with a value for the rows that are there."""
    conn.execute(sa.text(f"ALTER TABLE candle ADD COLUMN weight {words['exact']}"))
    conn.execute(sa.text("UPDATE candle SET weight = volume"))


def fail_halfway(conn: sa.Connection, _words: Mapping[str, str]) -> None:
    """A step that changes something and then meets a table that is not there."""
    conn.execute(sa.text("ALTER TABLE candle ADD COLUMN half TEXT"))
    conn.execute(sa.text("UPDATE no_such_table SET x = 1"))


def version_1(path: Path) -> str:
    """The URL of a store as version 1 left it."""
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(VERSION_1)
    return sqlite_url(path)


def names(url: str) -> dict[str, set[str]]:
    """The columns of each table, as the database has them."""
    database = Database.open(url, migrations=[*MIGRATIONS, add_note])
    with database.reading() as conn:
        look = sa.inspect(conn)
        found = {name: {c["name"] for c in look.get_columns(name)} for name in METADATA.tables}
    database.close()
    return found


def test_version_1_works_today(sqlite_path: Path) -> None:
    """A store of the first version reads, takes new candles, and counts on."""
    with Store.open(version_1(sqlite_path)) as store:
        kept = store.candles.keep(page({1: 1, 2: 2}), answered=None, source="rest")
        assert (kept.unchanged, kept.new) == (1, 1)
        assert prices(store.candles.read(BTC)) == same({1: 1, 2: 2})
        assert store.catalogue()[0].candles == 2


def test_version_1_is_carried_forward(sqlite_path: Path) -> None:
    """A later version's step is gone once, keeps the candles, and fills its column."""
    url = version_1(sqlite_path)
    for _ in range(2):
        database = Database.open(url, migrations=[*MIGRATIONS, add_note])
        with database.reading() as conn:
            weights = conn.execute(sa.text("SELECT weight, volume FROM candle")).all()
            version = conn.execute(sa.text("SELECT version FROM chandlery_version")).scalar_one()
        database.close()
        assert weights == [("1.00000000", "1.00000000")]
        assert version == len(MIGRATIONS) + 1


def test_today_is_carried_forward(url: str, shared: Store) -> None:
    """The same holds on every engine for a store that today's version made."""
    shared.candles.keep(page({1: 5}), answered=None, source="rest")
    shared.close()
    assert "weight" in names(url)["candle"]
    later = Store(Database.open(url, migrations=[*MIGRATIONS, add_note]), SystemClock())
    with later:
        assert prices(later.candles.read(BTC)) == same({1: 5})


def before_version_3(url: str) -> None:
    """A store as version 2 left it, with candles, an outage and answered spans."""
    database = Database.open(url, migrations=MIGRATIONS[:2])
    candle = "INSERT INTO candle (series_id, open_ms, closed, known_ms, source) VALUES "
    entry = "INSERT INTO ledger VALUES "
    series = "INSERT INTO series (id, exchange, symbol, interval, candles, first_ms, last_ms, "
    values = {
        7: ("1h", [n * HOUR_MS for n in (2, 3, 6, 7)], [(0, 5), (5, 9), (20, 22)]),
        8: ("1M", MONTHS, [(0, MONTHS[-1] // HOUR_MS + 24 * 61)]),
        9: ("1h", [], [(1, 4)]),
    }
    with database.writing() as conn:
        for number, (interval, opens, spans) in values.items():
            edges = f"{opens[0]}, {opens[-1]}" if opens else "NULL, NULL"
            row = f"({number}, 'binance', 'S{number}', '{interval}', {len(opens)}, {edges}, 0, 5)"
            conn.execute(sa.text(f"{series} revisions, updated_ms) VALUES {row}"))
            for ms in opens:
                conn.execute(sa.text(f"{candle} ({number}, {ms}, 1, 5, 'rest')"))
            for start, end in spans:
                row = f"{number}, {start * HOUR_MS}, {end * HOUR_MS}, 'answered', 5, 'rest', 'q'"
                conn.execute(sa.text(f"{entry} ({row})"))
        # One that still forms, and is no candle yet.
        conn.execute(sa.text(f"{candle} (7, {8 * HOUR_MS}, 0, 5, 'rest')"))
    database.close()


def test_version_2_is_carried_forward(url: str, tmp_path: Path) -> None:
    """What was answered is stored where candles are and empty where none is; all is proven."""
    before_version_3(url)
    hourly, monthly, silent = (
        Series.parse(f"binance:{name}") for name in ("S7:1h", "S8:1M", "S9:1h")
    )
    with Store.open(url, lake=str(tmp_path / "lake"), policy=SMALL) as store:
        assert [(one.state, one.span) for one in store.ledger.entries(hourly)] == [
            ("empty", hours(0, 2)),
            ("stored", hours(2, 4)),
            ("empty", hours(4, 5)),
            ("empty", hours(5, 6)),
            ("stored", hours(6, 8)),
            ("empty", hours(8, 9)),
            ("empty", hours(20, 22)),
        ]
        assert store.ledger.answered(hourly) == [hours(0, 9), hours(20, 22)]
        entry = store.ledger.entries(hourly)[0]
        assert (entry.asked_ms, entry.source, entry.request, entry.tries) == (5, "rest", "q", 1)
        assert [one.state for one in store.ledger.entries(silent)] == ["empty"]
        for series, candles in ((hourly, 4), (monthly, len(MONTHS)), (silent, 0)):
            assert store.prove(series).holds, store.prove(series)
            assert len(store.candles.read(series).closed) == candles
        assert store.folding.fold(monthly, everything=True) == len(MONTHS) - SMALL.keep_hot
        assert store.prove(monthly).holds


def test_version_1_is_proven(sqlite_path: Path) -> None:
    """A store of the first version holds what it says, and has an empty ledger."""
    with Store.open(version_1(sqlite_path)) as store:
        assert store.prove(BTC).holds
        assert store.ledger.entries(BTC) == []


def test_a_failed_step_changes_nothing(url: str, shared: Store) -> None:
    """When a step fails, the store stays at its version, without half of the step."""
    with pytest.raises(Exception, match="no_such_table"):
        Database.open(url, migrations=[*MIGRATIONS, fail_halfway])
    shared.candles.keep(page({1: 5}), answered=None, source="rest")
    assert "half" not in names(url)["candle"]


def test_a_newer_store_is_left_alone(url: str, shared: Store) -> None:
    """A store of a later version is refused, with both versions named."""
    shared.close()
    Database.open(url, migrations=[*MIGRATIONS, add_note]).close()
    today = len(MIGRATIONS)
    message = f"version {today + 1}; this Chandlery knows versions up to {today}"
    with pytest.raises(StoreTooNew, match=message):
        Store.open(url)
    assert "weight" in names(url)["candle"]


def test_a_newer_file_is_not_touched(sqlite_path: Path) -> None:
    """Not one byte of a newer SQLite store is changed by the refusal."""
    url = version_1(sqlite_path)
    with closing(sqlite3.connect(sqlite_path)) as conn:
        conn.executescript("UPDATE chandlery_version SET version = 99")
    before = sqlite_path.read_bytes()
    with pytest.raises(StoreTooNew):
        Store.open(url)
    assert sqlite_path.read_bytes() == before
    assert [path.name for path in sqlite_path.parent.iterdir()] == [sqlite_path.name]


def test_tables_of_another_program_are_refused(url: str) -> None:
    """A database that has a table of one of our names is not ours to change."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as conn:
        conn.execute(sa.text("CREATE TABLE series (title TEXT)"))
    engine.dispose()
    with pytest.raises(StoreCorrupt, match=r"another program \(series\)"):
        Store.open(url)


def test_a_store_without_its_version_is_refused(sqlite_path: Path) -> None:
    """An empty version table means damage; nothing is guessed."""
    url = version_1(sqlite_path)
    with closing(sqlite3.connect(sqlite_path)) as conn:
        conn.executescript("DELETE FROM chandlery_version")
    with pytest.raises(StoreCorrupt, match="has 0 rows"):
        Store.open(url)


def test_schema_and_migrations_agree(url: str, shared: Store) -> None:
    """The tables that Core is told of are those that the migrations make, column by column."""
    del shared
    database = Database.open(url)
    with database.reading() as conn:
        look = sa.inspect(conn)
        for table in METADATA.tables.values():
            made = {(c["name"], c["nullable"]) for c in look.get_columns(table.name)}
            assert made == {(c.name, c.nullable) for c in table.columns}, table.name
            keys = look.get_pk_constraint(table.name)["constrained_columns"]
            assert keys == [column.name for column in table.primary_key], table.name
    database.close()
