"""One sandbox for tests that only read, and one of one's own for those that steer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.asking import NOW_MS, Asker, asking


@pytest.fixture(scope="package")
def ask() -> Iterator[Asker]:
    """A client of a shared, frozen sandbox of seed 1. Do not steer it."""
    with asking(seed=1, now_ms=NOW_MS, weight_limit=10**9, coingecko_limit=10**6) as asker:
        yield asker


@pytest.fixture
def own() -> Iterator[Asker]:
    """A client of a sandbox of one's own, frozen at the same time."""
    with asking(seed=1, now_ms=NOW_MS) as asker:
        yield asker
