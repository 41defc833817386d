"""A store that folds after every write, so that every test of a store is one of both tiers."""

from __future__ import annotations

from typing import Final

from chandlery.candles.frame import Candles
from chandlery.candles.span import Span
from chandlery.clock import Clock
from chandlery.store import FoldPolicy, Kept, Store
from chandlery.store.lake.cold import Cold
from chandlery.store.sql.database import Database
from chandlery.store.tiers.candle_table import CandleTable
from chandlery.store.tiers.folding import Folding

EVERYTHING: Final = FoldPolicy(keep_hot=0, least=1, file_rows=50, neighbours=3)
"""Nothing closed stays hot, and a few candles make several files and compactions."""

SMALL: Final = FoldPolicy(keep_hot=2, least=3, most=5, file_rows=12, neighbours=3)
"""Two candles stay hot, and a dozen of them fill several files in several steps."""


class EagerTable(CandleTable):
    """Keeps candles as ever, and folds them."""

    def __init__(self, database: Database, clock: Clock, cold: Cold, folding: Folding) -> None:
        super().__init__(database, clock, cold)
        self._folding = folding

    def keep(
        self, candles: Candles, *, answered: Span | None, source: str, request: str = ""
    ) -> Kept:
        """As any store, and then nothing closed is left in the hot tier."""
        kept = super().keep(candles, answered=answered, source=source, request=request)
        self._folding.fold(candles.series, everything=True)
        return kept


class EagerStore(Store):
    """A store with such a table."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        cold: Cold | None = None,
        policy: FoldPolicy = EVERYTHING,
    ) -> None:
        super().__init__(database, clock, cold, policy)
        assert cold is not None
        self.candles = EagerTable(database, clock, cold, self.folding)
