"""What Celery's programs say: an outage is told once when it begins, and once when it ends."""

from __future__ import annotations

import logging
import sys
import threading
from typing import Final, NoReturn

from chandlery.errors import ChandleryError

_TRIES: Final = ("consumer: Cannot connect to", "consumer: Connection to broker lost")
_BACK: Final = "Connected to"
_SEQUELS: Final = ("Couldn't ack", "Couldn't reject", "Error cleaning up after event loop")
"""What an outage also brings: these tasks will be handed out again."""
_LOGS: Final = (
    "celery.worker.consumer.consumer",
    "celery.worker.consumer.connection",
    "celery.worker.loops",
    "celery.worker.request",
    "py.warnings",
)
_KNOWN: Final = "CPendingDeprecationWarning"
"""Celery may one day cancel tasks that run while the broker goes away; here they shall go on."""


class Outage:
    """Something that is away, or not: a line for each change. Thread-safe."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._away = False

    def began(self, words: str) -> None:
        """Say that it is away, unless that has been said."""
        if self._change(away=True):
            self._log.warning("%s.", words)

    def ended(self, words: str) -> None:
        """Say that it is back, if it was away."""
        if self._away and self._change(away=False):
            self._log.warning("%s.", words)

    def _change(self, *, away: bool) -> bool:
        with self._lock:
            changed = self._away != away
            self._away = away
            return changed


class _OncePerOutage(logging.Filter):
    """Of the lines about a lost broker lets the first one through, without a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._away = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write the line."""
        text = record.getMessage()
        if text.startswith(_BACK):
            self._away = False
            return True
        if not text.startswith(_TRIES):
            return not text.startswith(_SEQUELS) and _KNOWN not in text
        told, self._away = self._away, True
        record.msg, record.args, record.exc_info = _first_line(text), None, None
        return not told


def _first_line(text: str) -> str:
    return f"{text.strip().splitlines()[0].rstrip('. ')}. Waiting for it."


def quieten() -> None:
    """Make Celery's worker say one line when its broker goes, and one when it comes back."""
    once = _OncePerOutage()
    for name in _LOGS:
        log = logging.getLogger(name)
        for old in [one for one in log.filters if isinstance(one, _OncePerOutage)]:
            log.removeFilter(old)
        log.addFilter(once)


def short(error: BaseException) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()).rstrip(".")


def ended(error: ChandleryError) -> NoReturn:
    """End a program of Celery's, which would show a traceback, with one clear line."""
    sys.stderr.write(f"chandlery: {error}\n")
    sys.exit(error.exit_code)
