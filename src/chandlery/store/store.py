"""The store itself: one open database with a small face for each thing that it keeps."""

from __future__ import annotations

from typing import Self

from chandlery.candles.series import Series
from chandlery.clock import Clock, SystemClock
from chandlery.store import series_table
from chandlery.store.lake.cold import Cold
from chandlery.store.ledger.evidence import EvidenceTable
from chandlery.store.ledger.growth import GrowthTable
from chandlery.store.ledger.proof import Proof, prove, recount
from chandlery.store.ledger.table import LedgerTable
from chandlery.store.market_caps.past import MarketCapPast
from chandlery.store.market_caps.sparklines import SparklineTable
from chandlery.store.market_caps.table import MarketCapTable
from chandlery.store.records import Held
from chandlery.store.secret_table import SecretTable
from chandlery.store.sql.database import Database
from chandlery.store.symbol_table import SymbolTable
from chandlery.store.tiers.answer_table import AnswerTable
from chandlery.store.tiers.archive_table import ArchiveTable
from chandlery.store.tiers.candle_table import CandleTable
from chandlery.store.tiers.direct import Direct
from chandlery.store.tiers.folding import DEFAULT, Folding, FoldPolicy
from chandlery.store.work.job_table import JobTable
from chandlery.store.work.run_table import RunTable
from chandlery.store.work.task_runner_table import TaskRunnerTable
from chandlery.store.work.task_table import TaskTable
from chandlery.store.work.wanted_table import WantedTable


class Store:
    """Everything that is kept. Open it with `Store.open`, use it in `with` or `close` it.

    Safe to share between threads, and to open in as many processes as one likes.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        cold: Cold | None = None,
        policy: FoldPolicy = DEFAULT,
    ) -> None:
        self.candles = CandleTable(database, clock, cold)
        direct = Direct(database, clock, cold)
        self.archive = ArchiveTable(database, clock, self.candles, direct)
        self.answers = AnswerTable(database, clock, self.candles, direct)
        self.folding = Folding(database, clock, cold, policy)
        self.ledger = LedgerTable(database)
        self.growth = GrowthTable(database)
        self.evidence = EvidenceTable(database, self.candles)
        self.market_caps = MarketCapTable(database, clock)
        self.market_cap_past = MarketCapPast(database, clock)
        self.sparklines = SparklineTable(database)
        self.symbols = SymbolTable(database, clock)
        self.runs = RunTable(database)
        self.jobs = JobTable(database, self.runs)
        self.tasks = TaskTable(database)
        self.task_runners = TaskRunnerTable(database)
        self.wanted = WantedTable(database, clock)
        self.secrets = SecretTable(database)
        self._database = database
        self._clock = clock

    @classmethod
    def open(
        cls,
        url: str,
        *,
        lake: str | None = None,
        clock: Clock | None = None,
        wait_seconds: float = 30.0,
        policy: FoldPolicy = DEFAULT,
    ) -> Self:
        """Open the store at `url`, made or carried forward to today's schema when needed.

        `url` is `sqlite:////path/to/file` (see `sqlite_url`) or `postgresql://user:password@host/
        database`. `lake` is a folder or an object-store URL for older candles, which go there as
        `policy` says; None keeps all in the database. `wait_seconds` is the patience with locks
        of other processes. Raises `BadSetting` when the URL is none, and the `StoreError` that
        fits when it does not open.
        """
        cold = Cold(lake) if lake else None
        database = Database.open(url, wait_seconds=wait_seconds)
        return cls(database, clock or SystemClock(), cold, policy)

    @property
    def name(self) -> str:
        """Where the store is, for people: a path, or a URL without its password."""
        return self._database.name

    def catalogue(self) -> list[Held]:
        """What is held of each series, by name. Reads no candles."""
        with self._database.reading() as conn:
            return series_table.catalogue(conn)

    def prove(self, series: Series) -> Proof:
        """Recount a series from its candles; see `Proof`. Raises `StoreError`."""
        return prove(self._database, self.candles, series)

    def recount(self, series: Series) -> None:
        """Set the catalogue's counters to what the candles say. Raises `StoreError`.

        They only differ where somebody has changed the candles behind the store's back.
        """
        recount(self._database, self.candles, series, self._clock.now_ms())

    def close(self) -> None:
        """Close all connections. May be called twice."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
