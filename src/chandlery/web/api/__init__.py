"""The REST interface under `/api/v1`: one blueprint for each subject."""

from typing import Final

from flask_openapi3.blueprint import APIBlueprint

from chandlery.web.api.candles import candles_api
from chandlery.web.api.market_caps import market_caps_api
from chandlery.web.api.series import series_api
from chandlery.web.api.status import status_api

BLUEPRINTS: Final[tuple[APIBlueprint, ...]] = (
    candles_api,
    series_api,
    market_caps_api,
    status_api,
)

__all__ = ["BLUEPRINTS"]
