"""Where candles are kept: one store of two tiers.

The hot tier is SQLite by default and PostgreSQL by URL; the cold one is Delta Lake in a folder or
an object store. Nobody outside knows that there are two.

Everything that is written goes in whole or not at all, and may be written twice. Only errors of
`chandlery.errors.StoreError` leave this package. No network but the database's own.
"""

from chandlery.store.ledger.evidence import Stood
from chandlery.store.ledger.growth import Growth
from chandlery.store.ledger.proof import Proof
from chandlery.store.market_caps.past import PastCap, PastPlace, PastPrice
from chandlery.store.records import (
    Answer,
    ArchiveRecord,
    Entry,
    Finished,
    Held,
    JobState,
    Kept,
    RunRecord,
    State,
    Tallies,
)
from chandlery.store.sql.sqlite import sqlite_url
from chandlery.store.store import Store
from chandlery.store.tiers.archive_table import Filed
from chandlery.store.tiers.folding import FoldPolicy
from chandlery.store.work.task_records import TaskKind, TaskProgress, TaskRecord, TaskState

__all__ = [
    "Answer",
    "ArchiveRecord",
    "Entry",
    "Filed",
    "Finished",
    "FoldPolicy",
    "Growth",
    "Held",
    "JobState",
    "Kept",
    "PastCap",
    "PastPlace",
    "PastPrice",
    "Proof",
    "RunRecord",
    "State",
    "Stood",
    "Store",
    "Tallies",
    "TaskKind",
    "TaskProgress",
    "TaskRecord",
    "TaskState",
    "sqlite_url",
]
