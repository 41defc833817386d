"""The page as a WSGI application over the store of the settings, for `flask run` and servers."""

from __future__ import annotations

from flask import Flask

from chandlery.collect.keeper import Keeper
from chandlery.schedule.queue_length import of_settings
from chandlery.settings import read_settings
from chandlery.web.factory import create_app


def application() -> Flask:
    """Serve what is kept; nothing is collected here. Raises `BadSetting`, `StoreError`."""
    settings = read_settings()
    return create_app(
        Keeper(settings),
        token=settings.token.get_secret_value(),
        queue_length=of_settings(settings),
    )
