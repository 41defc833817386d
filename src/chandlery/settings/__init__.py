"""Settings: one table, read from `chandlery.toml`, then the environment, then flags.

The page `docs/settings.md` is made from this table by `chandlery settings --markdown`.
"""

from chandlery.settings.period import Periods
from chandlery.settings.reading import as_markdown, origin, read_settings
from chandlery.settings.table import FILE, PREFIX, Settings
from chandlery.settings.urls import without_secrets

__all__ = [
    "FILE",
    "PREFIX",
    "Periods",
    "Settings",
    "as_markdown",
    "origin",
    "read_settings",
    "without_secrets",
]
