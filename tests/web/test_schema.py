"""The interface against its own description: whatever is asked, the answer was described."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    response_schema_conformance,
    status_code_conformance,
)

from chandlery.web import create_app
from tests.torture.lengths import scaled
from tests.web.kept import sandbox_keeper

pytestmark = pytest.mark.slow

OPERATIONS: Final = (
    "GET /api/v1/candle",
    "GET /api/v1/candles",
    "GET /api/v1/coverage",
    "GET /api/v1/gaps",
    "GET /api/v1/jobs",
    "GET /api/v1/market-caps",
    "GET /api/v1/market-caps/changes",
    "GET /api/v1/market-caps/history",
    "GET /api/v1/market-caps/times",
    "GET /api/v1/revisions",
    "GET /api/v1/runs",
    "GET /api/v1/series",
    "POST /api/v1/series",
    "DELETE /api/v1/series",
    "GET /api/v1/status",
    "GET /api/v1/symbols",
    "GET /api/v1/tasks",
    "POST /api/v1/tasks",
    "GET /api/v1/tasks/{id}",
    "POST /api/v1/tasks/{id}/cancel",
    "POST /api/v1/tasks/{id}/retry",
)
ENDLESS: Final = "GET /api/v1/events"
"""Its answer does not end; tests/web/test_events.py reads it."""
EXAMPLES: Final = scaled(short=30, full=400)
"""So many questions for each operation."""
CHECKS: Final = [not_a_server_error, status_code_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def operations() -> Iterator[dict[str, Any]]:
    """Every operation that is described, by method and path, over a keeper with some candles."""
    with sandbox_keeper(last=50) as (keeper, _):
        assert keeper.refresh_market_caps() is None
        app = create_app(keeper)
        described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
        found: list[Any] = list(described.get_all_operations())
        # One that is described wrongly has no `ok`, and its error is shown.
        yield {f"{one.ok().method.upper()} {one.ok().path}": one.ok() for one in found}
        app.extensions["hub"].close()


def test_all_operations(operations: dict[str, Any]) -> None:
    """What is described is what is tried here."""
    assert set(operations) == {*OPERATIONS, ENDLESS}


@pytest.mark.parametrize("name", OPERATIONS)
def test_described(operations: dict[str, Any], name: str) -> None:
    """No question, however odd, leads to a server error or to an answer that is not described."""

    @given(case=operations[name].as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case[Any]) -> None:
        # Without a socket nobody unpacks what is compressed.
        case.call_and_validate(checks=CHECKS, headers={"Accept-Encoding": "identity"})

    ask()
