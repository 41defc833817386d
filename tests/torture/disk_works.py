"""What is run on a disk that is full or may not be written: each a command of the program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from chandlery.candles.files import read_candles, write_candles
from chandlery.candles.interval import DAY_MS
from chandlery.candles.series import Series
from chandlery.sandbox import Sandbox
from chandlery.store import Store, sqlite_url
from tests.collect.rehearsal import EARLY_MS, SOL, rehearsing
from tests.torture.crash_places import Place, version_2

MINUTES: Final = "binance:SOLUSDT:1m"
HOT_MINUTES: Final = 25_500
"""With so many a fold is due, though some minutes had no trade."""
SINCE: Final = "2020-08-20T00:00Z"
SINCE_MS: Final = 1_597_881_600_000
FORMS: Final = ("csv", "parquet", "json", "feather")
EXPORTED: Final = 100
"""So many candles have the files that were exported earlier."""
EARLIER_MS: Final = EARLY_MS - 2 * DAY_MS


@dataclass
class Truth:
    """What the exchange has, and folders in which commands begin, each made once."""

    box: Sandbox
    folder: Path
    served: dict[str, pl.DataFrame] = field(default_factory=dict)

    def source(self, name: str) -> Path:
        """A folder that holds what a command finds."""
        path = self.folder / name
        if not path.exists():
            path.mkdir()
            _SOURCES[name](self, path)
        return path

    def candles(self, series: str = SOL) -> pl.DataFrame:
        """Every closed candle that the exchange has; of minutes those of the source."""
        if series not in self.served:
            if series == SOL:
                with rehearsing(self.box, self.folder / "asked", now_ms=EARLY_MS) as desk:
                    self.served[series] = desk.served(SOL, until_ms=EARLY_MS)
            else:
                place = self.source("minutes") / "chandlery-data" / "chandlery.db"
                with Store.open(sqlite_url(place)) as store:
                    held = store.candles.read(Series.parse(series), forming=False)
                self.served[series] = held.frame
        return self.served[series]

    def place(self, copy: Path, series: str) -> Place:
        """The store in a copy of the disk."""
        home = copy / "chandlery-data"
        url = sqlite_url(home / "chandlery.db")
        return Place(home, url, {}, self.candles(series), series=Series.parse(series))

    def settings(self) -> dict[str, str]:
        """For a command that is run on the disk."""
        return {
            "CHANDLERY_SERIES": SOL,
            "CHANDLERY_BINANCE_URL": self.box.binance_url,
            "CHANDLERY_BINANCE_ARCHIVE_URL": self.box.archive_url,
            "CHANDLERY_COINGECKO_URL": self.box.coingecko_url,
        }


def _empty(_truth: Truth, _folder: Path) -> None:
    """Nothing."""


def _kept(truth: Truth, folder: Path) -> None:
    """A store and a CSV as they were two days ago, and files that were exported then."""
    csv, home = str(folder / "crypto.csv"), folder / "chandlery-data"
    with rehearsing(truth.box, home, now_ms=EARLIER_MS, csv=csv, series=SOL) as desk:
        desk.keeper.collect(SOL, since=SINCE)
        desk.keeper.keep_current(Series.parse(SOL), last=500)
        candles = desk.held(SOL).tail(EXPORTED)
    for ending in FORMS:
        form = "binance" if ending == "csv" else ending
        write_candles(candles, folder / f"out.{ending}", form=form)


def _minutes(truth: Truth, folder: Path) -> None:
    """Enough minutes in the database for a fold, which comes with the next collection."""
    home = folder / "chandlery-data"
    with rehearsing(truth.box, home, now_ms=EARLY_MS, lake_url="none") as desk:
        report = desk.keeper.collect(MINUTES, since=EARLY_MS - HOT_MINUTES * 60_000)
        assert report.ok, report.failure


def _older(truth: Truth, folder: Path) -> None:
    """A store of an older version."""
    home = folder / "chandlery-data"
    home.mkdir()
    version_2(sqlite_url(home / "chandlery.db"), truth.candles())


def _file(truth: Truth, folder: Path) -> None:
    """A file that is to be imported."""
    write_candles(truth.candles(), folder / "SOLUSDT-1h.csv", form="binance")


_SOURCES: Final[dict[str, Callable[[Truth, Path], None]]] = {
    "empty": _empty,
    "kept": _kept,
    "minutes": _minutes,
    "older": _older,
    "file": _file,
}

Done = Callable[[Truth, Path], None]
"""What holds of a copy of the disk when the command has done its work."""


def _since(truth: Truth, copy: Path) -> None:
    truth.place(copy, SOL).is_whole(since_ms=SINCE_MS)


def _all(truth: Truth, copy: Path) -> None:
    truth.place(copy, SOL).is_whole()


def _imported(truth: Truth, copy: Path) -> None:
    """All are there; the ledger has no answer for them, since nobody was asked."""
    truth.place(copy, SOL).survives(set(truth.candles()["open_time"].dt.epoch("ms").to_list()))


def _folded(truth: Truth, copy: Path) -> None:
    place = truth.place(copy, MINUTES)
    place.is_whole()
    assert (place.lake / "binance" / place.series.interval.slug).is_dir()


def _with_csv(truth: Truth, copy: Path) -> None:
    _since(truth, copy)
    kept = read_candles(copy / "crypto.csv")
    held = truth.candles().join(kept, on="open_time", how="semi")
    assert kept.join(held, on="open_time", how="semi").equals(held)
    assert kept["open_time"][-2] == truth.candles()["open_time"][-1]  # and one that forms


def _exported(ending: str) -> Done:
    def done(truth: Truth, copy: Path) -> None:
        earlier = truth.candles().filter(
            pl.col("open_time").dt.epoch("ms").is_between(SINCE_MS, EARLIER_MS - 5_400_000)
        )
        assert read_candles(copy / f"out.{ending}").equals(earlier)

    return done


@dataclass(frozen=True)
class Work:
    """A command, what it finds, and what holds afterwards."""

    words: tuple[str, ...]
    source: str
    done: Done
    series: str = SOL
    file: str | None = None
    """A file that it replaces: until it is done the old one stands there, to the byte."""
    is_noted: bool = False
    """What goes wrong stands in a remark; the command itself has done its work."""


def _export(ending: str) -> Work:
    words = ("export", SOL, "--to", f"out.{ending}", "--force")
    return Work(words, "kept", _exported(ending), file=f"out.{ending}")


WORKS: Final = {
    "collect": Work(("collect", SOL, "--since", SINCE), "empty", _since),
    "csv": Work(("collect", SOL), "kept", _with_csv, file="crypto.csv"),
    "backfill": Work(("backfill", SOL), "empty", _all),
    "fold": Work(("collect", MINUTES), "minutes", _folded, series=MINUTES, is_noted=True),
    "migration": Work(("verify", SOL), "older", _all),
    "import": Work(("import", "SOLUSDT-1h.csv", "--series", SOL, "--closed"), "file", _imported),
    **{f"export {ending}": _export(ending) for ending in FORMS},
}
"""By name."""
