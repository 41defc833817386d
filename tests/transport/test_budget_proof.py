"""The proof that one budget is enough for all: four processes, one exchange, no complaint."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.budget import LIMIT, QUICK, prove

from tests.services import redis_server


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_four_processes(kind: str, tmp_path: Path) -> None:
    """Four processes that fetch as fast as they may use the minute up and earn no 429 or 418."""
    if kind == "sqlite":
        proof = prove(f"sqlite:///{tmp_path}/budget.sqlite3", speed=QUICK, rows=10)
    else:
        with redis_server(tmp_path) as server:
            proof = prove(server.url, speed=QUICK, rows=10)
    assert proof.too_much == 0
    assert proof.highest <= LIMIT
    assert min(proof.used) >= 0.95 * LIMIT
    assert min(proof.pages) > 0
