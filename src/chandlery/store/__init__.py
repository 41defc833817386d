"""Where candles are kept: one store, in SQLite by default and in PostgreSQL by URL.

Everything that is written goes in whole or not at all, and may be written twice. Only errors of
`chandlery.errors.StoreError` leave this package. No network but the database's own.
"""

from chandlery.store.records import Entry, Finished, Held, JobState, Kept, RunRecord, Tallies
from chandlery.store.sqlite import sqlite_url
from chandlery.store.store import Store

__all__ = [
    "Entry",
    "Finished",
    "Held",
    "JobState",
    "Kept",
    "RunRecord",
    "Store",
    "Tallies",
    "sqlite_url",
]
