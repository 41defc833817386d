"""The exchange and the keeper that a test gets which asks for no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chandlery.sandbox import Sandbox
from tests.collect.rehearsal import EARLY_MS, Rehearsal, rehearsing


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange, eight weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=EARLY_MS) as running:
        yield running


@pytest.fixture
def desk(box: Sandbox, tmp_path: Path) -> Iterator[Rehearsal]:
    """A keeper with an empty store."""
    with rehearsing(box, tmp_path, now_ms=EARLY_MS) as opened:
        yield opened
