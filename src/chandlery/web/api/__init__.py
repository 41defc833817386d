"""The REST interface under `/api/v1`: one blueprint for each subject."""

from typing import Final

from flask_openapi3.blueprint import APIBlueprint

from chandlery.web.api import keeping
from chandlery.web.api.candles import candles_api
from chandlery.web.api.coverage import coverage_api
from chandlery.web.api.events import events_api
from chandlery.web.api.evidence import evidence_api
from chandlery.web.api.market_caps import market_caps_api
from chandlery.web.api.runs import runs_api
from chandlery.web.api.series import series_api
from chandlery.web.api.status import status_api
from chandlery.web.api.symbols import symbols_api
from chandlery.web.api.tasks import tasks_api

BLUEPRINTS: Final[tuple[APIBlueprint, ...]] = (
    candles_api,
    evidence_api,
    coverage_api,
    series_api,
    market_caps_api,
    status_api,
    runs_api,
    tasks_api,
    symbols_api,
    events_api,
)

__all__ = ["BLUEPRINTS", "keeping"]
