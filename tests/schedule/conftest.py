"""What tests of Celery's results use: the databases in which they may be kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.postgres import Postgres, postgres_server


@pytest.fixture(scope="session")
def results_postgres() -> Iterator[Postgres]:
    """One PostgreSQL for all tests of a process."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def results_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, as the setting names it."""
    if request.param == "sqlite":
        return f"db+sqlite:///{tmp_path / 'results.db'}"
    server: Postgres = request.getfixturevalue("results_postgres")
    schema = f"s{abs(hash(tmp_path))}"
    engine = sa.create_engine(server.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as conn:
        conn.execute(sa.text(f"CREATE SCHEMA {schema}"))
    engine.dispose()
    return f"{server.url}&options=-csearch_path%3D{schema}"
