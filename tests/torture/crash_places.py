"""Where victims work, and what must be true there after each of them was killed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from chandlery.candles.frame import DECIMAL_COLUMNS
from chandlery.candles.interval import DAY_MS
from chandlery.candles.series import Series
from chandlery.clock import FrozenClock
from chandlery.store import Store
from chandlery.store.sql.database import Database
from chandlery.store.sql.migrations import MIGRATIONS
from tests.collect.rehearsal import EARLY_MS
from tests.store.lakes import files
from tests.torture.crash_victims import FOLDS, SERIES

ENDED_DAYS = 30
"""So many days later whatever is out of use has been deleted."""


@dataclass
class Place:
    """One store with its lake and its files, which a chain of victims shares."""

    home: Path
    url: str
    settings: dict[str, str]
    served: pl.DataFrame
    """Every closed candle that the exchange has."""
    held: set[int] = field(default_factory=set)
    """Open times that somebody has read or was told: they never go away."""
    series: Series = SERIES

    @property
    def lake(self) -> Path:
        """The folder of the older candles."""
        return self.home / "lake"

    @property
    def tiers(self) -> dict[str, str]:
        """How a victim opens the store without a keeper."""
        return {"url": self.url, "lake": str(self.lake)}

    def open(self, *, days: int = 0) -> Store:
        """The store, some days later."""
        clock = FrozenClock(EARLY_MS + days * DAY_MS)
        return Store.open(self.url, lake=str(self.lake), clock=clock, policy=FOLDS)

    def survives(self, promised: set[int]) -> None:
        """The store opens and proves, has all that was promised or seen, and nothing invented."""
        self.held |= promised
        with self.open() as store:
            proof = store.prove(self.series)
            frame = store.candles.read(self.series, forming=False).frame
        assert proof.holds, proof
        opens = frame["open_time"].dt.epoch("ms").to_list()
        assert proof.candles == len(set(opens)) == len(opens)
        assert frame.equals(self.served.join(frame, on="open_time", how="semi"))
        assert self.held <= set(opens), f"lost: {sorted(self.held - set(opens))[:5]}"
        self.held = set(opens)

    def is_whole(self, *, since_ms: int = 0) -> None:
        """The store has every candle since then that the exchange has, and accounts for all."""
        wanted = self.served.filter(pl.col("open_time").dt.epoch("ms") >= since_ms)
        self.survives(set(wanted["open_time"].dt.epoch("ms").to_list()))
        with self.open() as store:
            proof = store.prove(self.series)
        assert (proof.candles, proof.accounted) == (wanted.height, 1.0), proof

    def is_tidy(self) -> None:
        """Some weeks later the lake's folder has the files that count, and no others."""
        with self.open(days=ENDED_DAYS) as store:
            store.folding.tidy(self.series)
        if not self.lake.exists():
            return
        table = self.lake / self.series.exchange / self.series.interval.slug
        found = {path for path in table.rglob("*.parquet") if "_delta_log" not in path.parts}
        assert found == {Path(name) for name in files(self.lake, self.series)}
        strange = {path.name for path in (table / "_delta_log").iterdir()}
        strange = {name for name in strange if not name.endswith((".json", ".parquet"))}
        assert strange <= {"_last_checkpoint"}

    def copied(self, to: Path) -> Place:
        """The same place as it stands now."""
        shutil.copytree(self.home, to, symlinks=True)
        there = {
            name: text.replace(str(self.home), str(to)) for name, text in self.settings.items()
        }
        return Place(to, there["store_url"], there, self.served, set(self.held), self.series)


def version_2(url: str, served: pl.DataFrame) -> None:
    """A store as schema version 2 had it, with all candles, each of them answered."""
    database = Database.open(url, migrations=MIGRATIONS[:2])
    words = database.backend.words
    opens = served["open_time"].dt.epoch("ms").to_list()
    values = {name: f"CAST(:{name} AS {words['exact']})" for name in DECIMAL_COLUMNS}
    names = {"open_ms": ":open_ms", "close_ms": ":close_ms", "trades": ":trades", **values}
    insert = (
        f"INSERT INTO candle (series_id, {', '.join(names)}, closed, known_ms, source) "  # noqa: S608
        f"VALUES (1, {', '.join(names.values())}, 1, 5, 'rest')"
    )
    with database.writing() as conn:
        conn.execute(
            sa.text(
                "INSERT INTO series (id, exchange, symbol, interval, candles, first_ms, last_ms, "
                "revisions, updated_ms) VALUES (1, :exchange, :symbol, :interval, :candles, "
                ":first, :last, 0, 5)"
            ),
            {
                "exchange": SERIES.exchange,
                "symbol": SERIES.symbol,
                "interval": str(SERIES.interval),
                "candles": len(opens),
                "first": opens[0],
                "last": opens[-1],
            },
        )
        conn.execute(sa.text(insert), rows_of(served))
        answered = "INSERT INTO ledger VALUES (1, 0, :end, 'answered', 5, 'rest', 'q')"
        conn.execute(sa.text(answered), {"end": opens[-1] + 1})
    database.close()


def rows_of(served: pl.DataFrame) -> list[dict[str, Any]]:
    """Candles as parameters of a statement."""
    times = pl.col("open_time", "close_time").dt.epoch("ms").name.replace("time", "ms")
    return served.select(times, "trades", pl.col(DECIMAL_COLUMNS).cast(pl.String)).to_dicts()
