"""What several of the experiments begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chandlery.sandbox import Sandbox
from chandlery.web import Server, create_app
from tests.collect.conftest import desk
from tests.collect.rehearsal import EARLY_MS
from tests.torture.intruder import TOKEN
from tests.web.fake_keeper import keeper_with_candles

__all__ = ["desk"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All experiments together take long, in their short form too."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("slow")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange whose time is right, with room for everybody's questions."""
    with Sandbox(now_ms=EARLY_MS, weight_limit=10**7) as running:
        yield running


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a page that asks for no token."""
    with Server(create_app(keeper_with_candles(2)), port=0) as server:
        yield server.port


@pytest.fixture(scope="module")
def guarded() -> Iterator[int]:
    """The port of a page that asks for the token."""
    with Server(create_app(keeper_with_candles(2), token=TOKEN), port=0) as server:
        yield server.port
