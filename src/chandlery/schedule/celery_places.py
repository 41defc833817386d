"""Where Celery's messages and results go: what the two URL settings mean."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa

from chandlery.errors import BadSetting
from chandlery.settings import Settings, without_secrets

QUEUE: Final = "chandlery"
"""A queue of our own, so that another program's Celery may share the broker."""
VISIBLE_AFTER: Final = 3600
"""Seconds after which Redis hands a message out again whose worker has not answered for it; more
than a task may take."""

_FOLDER: Final = "filesystem"
_REDIS: Final = {"redis", "rediss", "sentinel"}
_DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "postgresql+psycopg2": "postgresql+psycopg",
}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the messages go, in Celery's words."""

    url: str
    transport: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)


def broker(settings: Settings) -> Broker:
    """Where messages go: a folder in the home folder unless the settings name a broker.

    Folders are made when they are not there, for their owner only. Raises `BadSetting`.
    """
    url = settings.broker_url
    if not url or urlsplit(url).scheme == _FOLDER:
        path = unquote(urlsplit(url).path)
        return _folder(Path(path) if path.strip("/") else settings.home / "broker")
    if "://" not in url:
        msg = (
            "The setting broker_url (CHANDLERY_BROKER_URL) is no URL of a broker. Write "
            "redis://localhost:6379/0, or filesystem:///path/to/folder."
        )
        raise BadSetting(msg)
    if urlsplit(url).scheme in _REDIS:
        options = {"visibility_timeout": VISIBLE_AFTER, "socket_keepalive": True}
        return Broker(url, options=options)
    return Broker(url)


def results_url(settings: Settings) -> sa.URL | None:
    """The database in which results are kept; None when they go elsewhere, as into Redis.

    Raises `BadSetting` when the setting is no URL, or one of a database that we do not speak.
    """
    text = settings.result_backend
    if not text:
        path = settings.home.absolute() / "results.db"
        return sa.URL.create("sqlite+pysqlite", database=str(path))
    scheme = text.partition("://")[0]
    bare = text.removeprefix("db+").removeprefix("database+")
    if bare == text and scheme not in _DRIVERS and "://" in text:
        return None
    try:
        parsed = sa.make_url(bare)
        driver = _DRIVERS[parsed.drivername]
    except (sa.exc.ArgumentError, KeyError, ValueError):
        msg = (
            "The setting result_backend (CHANDLERY_RESULT_BACKEND) is no URL of a database of "
            "results. Write db+postgresql+psycopg://user:password@host/database, "
            "db+sqlite:////path/to/results.db, or redis://localhost:6379/1."
        )
        raise BadSetting(msg) from None  # the cause could show a password
    if driver.startswith("sqlite") and not parsed.database:
        msg = "The setting result_backend needs a file: db+sqlite:////path/to/results.db."
        raise BadSetting(msg)
    return parsed.set(drivername=driver)


def place(url: sa.URL) -> str:
    """The database of results as people may see it."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return without_secrets(url.set(query={}).render_as_string(hide_password=True))


def make_file(path: Path) -> None:
    """Make a file and its folder if they are not there, for their owner only.

    Raises `BadSetting`.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise BadSetting(
            f"The file of results {path} cannot be used: {error.strerror}. Name another with "
            "CHANDLERY_RESULT_BACKEND, or another folder with CHANDLERY_HOME."
        ) from error


def _folder(top: Path) -> Broker:
    top = top.absolute()
    try:
        top.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        top.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(
            f"The folder for messages {top} cannot be made: {error.strerror}. Name another with "
            "CHANDLERY_BROKER_URL, as in filesystem:///path/to/folder."
        ) from error
    return Broker(
        f"{_FOLDER}://",
        "chandlery.schedule.celery_folder:FolderTransport",
        {"folder": str(top)},
    )
