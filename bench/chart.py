"""What the page asks for its chart, and whether the answer is a whole one."""

from __future__ import annotations

import json
from typing import Final

from bench.processes import answers

FULL: Final = 500
"""The candles of a whole chart."""


def chart_path(series: str) -> str:
    """The newest candles of a series."""
    return f"/api/v1/candles?series={series}&limit={FULL}"


def whole_chart(url: str) -> bytes | None:
    """The answer at `url`, when it has all candles of a chart."""
    body = answers(url)
    return body if body is not None and len(json.loads(body)["rows"]) == FULL else None
