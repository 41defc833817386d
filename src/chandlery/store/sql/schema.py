"""The tables as they are today, for SQLAlchemy Core; how they came to be is in migrations.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

from chandlery.candles.frame import DECIMAL_COLUMNS


class Exact(TypeDecorator[Decimal]):
    """An exact decimal: NUMERIC where the engine has one, plain text in SQLite (it has floats)."""

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Text in SQLite, else NUMERIC with what was asked for."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Text())
        return dialect.type_descriptor(self.impl_instance)

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> object:
        """Plain digits, never an exponent."""
        return format(value, "f") if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: object, dialect: sa.Dialect) -> Decimal | None:
        """The decimal as it was written."""
        del dialect
        return None if value is None else Decimal(str(value))


def _moment(name: str, *, nullable: bool = False) -> sa.Column[int]:
    """Epoch milliseconds."""
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _candle_columns() -> list[sa.Column[Any]]:
    """What every version of a candle has, in the order in which rows are written and read.

    Only the open time must be there: some exchanges do not give the rest.
    """
    decimals: dict[str, sa.Column[Any]] = {
        name: sa.Column(name, Exact(38, 8)) for name in DECIMAL_COLUMNS
    }
    return [
        sa.Column("series_id", sa.BigInteger, nullable=False),
        _moment("open_ms"),
        *(decimals[name] for name in ("open", "high", "low", "close", "volume")),
        _moment("close_ms", nullable=True),
        decimals["quote_volume"],
        sa.Column("trades", sa.BigInteger),
        decimals["taker_buy_volume"],
        decimals["taker_buy_quote_volume"],
        sa.Column("closed", sa.SmallInteger, nullable=False),
        _moment("known_ms"),
        _text("source"),
    ]


METADATA: Final = sa.MetaData()

VERSION: Final = sa.Table(
    "chandlery_version", METADATA, sa.Column("version", sa.BigInteger, nullable=False)
)

SERIES: Final = sa.Table(
    "series",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    _text("exchange"),
    _text("symbol"),
    _text("interval"),
    sa.Column("candles", sa.BigInteger, nullable=False),
    _moment("first_ms", nullable=True),
    _moment("last_ms", nullable=True),
    sa.Column("revisions", sa.BigInteger, nullable=False),
    _moment("updated_ms"),
    sa.Column("cold", sa.BigInteger, nullable=False, server_default="0"),
)

PART: Final = sa.Table(
    "part",
    METADATA,
    sa.Column("series_id", sa.BigInteger, primary_key=True),
    sa.Column("start_ms", sa.BigInteger, primary_key=True),
    _moment("end_ms"),
)

CANDLE: Final = sa.Table(
    "candle", METADATA, *_candle_columns(), sa.PrimaryKeyConstraint("series_id", "open_ms")
)

REVISION: Final = sa.Table(
    "revision",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    *_candle_columns(),
    _moment("replaced_ms"),
)

LEDGER: Final = sa.Table(
    "ledger",
    METADATA,
    sa.Column("series_id", sa.BigInteger, primary_key=True),
    sa.Column("start_ms", sa.BigInteger, primary_key=True),
    _moment("end_ms"),
    _text("state"),
    _moment("asked_ms"),
    _text("source"),
    _text("request"),
    sa.Column("tries", sa.BigInteger, nullable=False, server_default="1"),
    sa.Column("error", sa.Text),
)

ARCHIVE_FILE: Final = sa.Table(
    "archive_file",
    METADATA,
    sa.Column("series_id", sa.BigInteger, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    _text("url"),
    _text("kind"),
    _moment("start_ms"),
    _moment("end_ms"),
    sa.Column("size", sa.BigInteger, nullable=False),
    _text("etag"),
    _moment("modified_ms"),
    _text("sha256"),
    sa.Column("candles", sa.BigInteger, nullable=False),
    _moment("fetched_ms"),
    _moment("looked_ms"),
)

SNAPSHOT: Final = sa.Table(
    "snapshot",
    METADATA,
    sa.Column("currency", sa.Text, primary_key=True),
    sa.Column("taken_ms", sa.BigInteger, primary_key=True),
)

COIN: Final = sa.Table(
    "coin",
    METADATA,
    sa.Column("currency", sa.Text, primary_key=True),
    sa.Column("taken_ms", sa.BigInteger, primary_key=True),
    sa.Column("place", sa.BigInteger, primary_key=True),
    _text("id"),
    _text("symbol"),
    _text("name"),
    sa.Column("rank", sa.BigInteger),
    *(
        sa.Column(name, Exact())
        for name in ("price", "market_cap", "volume_24h", "change_24h_percent")
    ),
    _moment("last_updated_ms", nullable=True),
)

SPARKLINE: Final = sa.Table(
    "sparkline",
    METADATA,
    sa.Column("currency", sa.Text, primary_key=True),
    _moment("taken_ms"),
    _text("prices_json"),
)

PERMIT: Final = sa.Table(
    "permit", METADATA, sa.Column("name", sa.Text, primary_key=True), _moment("granted_ms")
)

LISTING: Final = sa.Table(
    "listing", METADATA, sa.Column("exchange", sa.Text, primary_key=True), _moment("fetched_ms")
)

SYMBOL: Final = sa.Table(
    "symbol",
    METADATA,
    sa.Column("exchange", sa.Text, primary_key=True),
    sa.Column("place", sa.BigInteger, primary_key=True),
    _text("symbol"),
    _text("base"),
    _text("quote"),
    _text("status"),
    sa.Column("price_decimals", sa.BigInteger),
)

RUN: Final = sa.Table(
    "run",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    _text("series"),
    _moment("started_ms"),
    _moment("ended_ms", nullable=True),
    _text("outcome"),
    _text("report_json"),
)

JOB: Final = sa.Table(
    "job",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    _moment("started_ms", nullable=True),
    _moment("succeeded_ms", nullable=True),
    _moment("offset_ms"),
    sa.Column("failures", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("error_kind", sa.Text),
    sa.Column("holder", sa.Text),
    _moment("held_until_ms", nullable=True),
)

TALLY: Final = sa.Table(
    "tally",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

TASK: Final = sa.Table(
    "task",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    _text("kind"),
    _text("series"),
    _moment("since_ms", nullable=True),
    _moment("until_ms", nullable=True),
    _text("state"),
    _moment("asked_ms"),
    _moment("started_ms", nullable=True),
    _moment("ended_ms", nullable=True),
    sa.Column("candles", sa.BigInteger, nullable=False),
    sa.Column("expected", sa.BigInteger),
    sa.Column("fetched_bytes", sa.BigInteger, nullable=False),
    _moment("reached_ms", nullable=True),
    sa.Column("rate", sa.BigInteger),
    sa.Column("left_ms", sa.BigInteger),
    _text("words"),
    sa.Column("error", sa.Text),
    sa.Column("tries", sa.BigInteger, nullable=False),
    sa.Column("stopping", sa.SmallInteger, nullable=False),
    sa.Column("holder", sa.Text),
    _moment("held_until_ms", nullable=True),
)

TASK_RUNNER: Final = sa.Table(
    "task_runner", METADATA, sa.Column("id", sa.Text, primary_key=True), _moment("alive_until_ms")
)

WANTED: Final = sa.Table(
    "wanted", METADATA, sa.Column("series", sa.Text, primary_key=True), _moment("since_ms")
)

SECRET: Final = sa.Table(
    "secret", METADATA, sa.Column("name", sa.Text, primary_key=True), _text("value")
)
