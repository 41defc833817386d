"""The table `celery_taskmeta`: Celery's own columns, but JSON in place of opaque bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from chandlery.errors import BadSetting
from chandlery.schedule.celery_places import make_file, place

_LOCK_SECONDS: Final = 30.0
_CONNECT_SECONDS: Final = 10


class JsonText(sa.types.UserDefinedType[str]):
    """JSON in its text form: PostgreSQL's `json`, which keeps the order of keys; else text."""

    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], str | None]:  # noqa: ARG002
        """Text goes in as it is; Celery encodes to bytes."""
        return lambda value: value.decode() if isinstance(value, bytes) else value

    def result_processor(
        self,
        dialect: sa.Dialect,
        coltype: object,  # noqa: ARG002
    ) -> Callable[[Any], str | None] | None:
        """PostgreSQL's driver has parsed it already."""
        if dialect.name != "postgresql":
            return None
        return lambda value: None if value is None else json.dumps(value, ensure_ascii=False)


@compiles(JsonText)
def _as_text(*_: Any, **__: Any) -> str:  # noqa: ANN401  as SQLAlchemy calls it
    return "TEXT"


@compiles(JsonText, "postgresql")
def _as_json(*_: Any, **__: Any) -> str:  # noqa: ANN401  as SQLAlchemy calls it
    return "JSON"


METADATA: Final = sa.MetaData()

TASKS: Final = sa.Table(
    "celery_taskmeta",
    METADATA,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("task_id", sa.String(155), unique=True),
    sa.Column("status", sa.String(50)),
    sa.Column("result", JsonText),
    sa.Column("date_done", sa.DateTime, index=True),
    sa.Column("traceback", sa.Text),
    sa.Column("children", JsonText),
    sa.Column("name", sa.String(155)),
    sa.Column("args", JsonText),
    sa.Column("kwargs", JsonText),
    sa.Column("worker", sa.String(155)),
    sa.Column("retries", sa.Integer),
    sa.Column("queue", sa.String(155)),
    sa.Column("stamps", JsonText),
)

GROUPS: Final = sa.Table(
    "celery_tasksetmeta",
    METADATA,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("taskset_id", sa.String(155), unique=True),
    sa.Column("result", JsonText),
    sa.Column("date_done", sa.DateTime, index=True),
)


def open_results(url: sa.URL, *, make: bool) -> sa.Engine:
    """Connections to the database of results; with `make` its file is made if it is not there."""
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(
            url,
            connect_args={"connect_timeout": _CONNECT_SECONDS},
            pool_pre_ping=True,
            max_overflow=-1,
            hide_parameters=True,
        )
    if make:
        make_file(Path(str(url.database)))
    # A connection is an open file: cheap, and none should wait for one.
    return sa.create_engine(
        url, connect_args={"timeout": _LOCK_SECONDS}, max_overflow=-1, hide_parameters=True
    )


def make_tables(engine: sa.Engine) -> None:
    """Make the tables if they are not there; see `has_tables` for what it raises."""
    if has_tables(engine):
        return
    try:
        METADATA.create_all(engine)
    except sa.exc.DBAPIError:
        # Another worker was quicker, or it is a real trouble, which comes again.
        if not has_tables(engine):
            raise


def has_tables(engine: sa.Engine) -> bool:
    """Whether the tables are there. Raises `BadSetting` for those of another program."""
    look = sa.inspect(engine)
    found = [table for table in (TASKS, GROUPS) if look.has_table(table.name)]
    for table in found:
        kinds = {column["name"]: column["type"] for column in look.get_columns(table.name)}
        strange = isinstance(kinds.get("result"), sa.LargeBinary)
        if strange or not kinds.keys() >= set(table.columns.keys()):
            raise BadSetting(
                f"The table {table.name} in {place(engine.url)} holds another program's results. "
                "It is left as it is. Name another database with "
                "CHANDLERY_RESULT_BACKEND, or put that table aside: "
                f"ALTER TABLE {table.name} RENAME TO {table.name}_old;"
            )
    return len(found) == len(METADATA.tables)


def probe_tables(engine: sa.Engine) -> None:
    """Raises `BadSetting` for the tables of another program; a database that is away passes."""
    try:
        has_tables(engine)
    except sa.exc.OperationalError:
        return
    except sa.exc.DBAPIError as error:
        raise BadSetting(
            f"Results cannot be kept in {place(engine.url)}: {reason(error)}. "
            "Name another database with CHANDLERY_RESULT_BACKEND."
        ) from error
    finally:
        engine.dispose()


def reason(error: sa.exc.SQLAlchemyError) -> str:
    """What the database said, in one line."""
    said = str(error.orig if isinstance(error, sa.exc.DBAPIError) else error)
    return " ".join(said.split()).rstrip(".")
