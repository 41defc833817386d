"""Keeping one series current, and its CSV with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import polars as pl

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock, ms_to_text
from chandlery.collect.csv_kept import CsvFile, keep_csv, read_csv_file, refuse_other_series
from chandlery.collect.report import Report
from chandlery.store import Store

FRESHEST: Final = 500
"""How many candles are collected and shown when nobody says otherwise."""
_FOREVER: Final = 1 << 62


class Collect(Protocol):
    """Collects a series, the newest `last` candles or a span of time, without writing a run."""

    def __call__(
        self,
        series: Series,
        *,
        last: int | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> Report:
        """The report."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Collects what was missed of a series, and brings the CSV at `path` up to date."""

    store: Store
    clock: Clock
    collect: Collect
    path: Callable[[Series], Path | None]
    """Where the CSV of a series is kept, if it is."""
    recheck: int

    def keep(self, series: Series, *, last: int | None) -> Report:
        """Collect the newest `last` candles, or all that was missed; see `Keeper.keep_current`."""
        path = self.path(series)
        held = self._read_csv(path, series) if path else None
        report = self.missed(series) if last is None else self.collect(series, last=last)
        if held is None or not report.ok:
            return report
        report = self._settle_doubts(held, self._reach(held, report))
        return self._keep_csv(held, report, last or FRESHEST) if report.ok else report

    def missed(self, series: Series) -> Report:
        """Collect everything that was missed since the last candle that is held."""
        held = self.store.candles.last_opens(series, max(1, self.recheck))
        if not held:
            return self.collect(series, last=FRESHEST)
        return self.collect(series, since=held[0])

    def _reach(self, held: CsvFile, report: Report) -> Report:
        """Fetch the freshest candles too when few were asked and the CSV ends before those."""
        opens = held.frame["open_time"].dt.epoch("ms")
        if report.got is None or opens.is_empty() or int(opens[-1]) >= report.got.start:
            return report
        return report.followed_by(self.collect(report.series, last=FRESHEST))

    def _read_csv(self, path: Path, series: Series) -> CsvFile:
        known = self.store.candles.read(series, last=FRESHEST, forming=False).frame
        # What time it is at the exchange is known when some of its candles are; else the file is
        # judged once they have come.
        now_ms = _FOREVER if known.is_empty() else self._at_least(known)
        held = read_csv_file(path, series, now_ms=now_ms)
        refuse_other_series(held, series, known)
        return held

    def _at_least(self, known: pl.DataFrame) -> int:
        """What time it is at least: this machine's clock may have been set back."""
        newest = known["open_time"].dt.epoch("ms").max()
        now_ms = self.clock.now_ms()
        return max(now_ms, newest) if isinstance(newest, int) else now_ms

    def _keep_csv(self, held: CsvFile, report: Report, last: int) -> Report:
        answered = self.store.ledger.answered(report.series)
        fresh = self._since(report.series, held.frame, last)
        now_ms = self._at_least(fresh)
        kept = keep_csv(held.path, report.series, fresh, answered=answered, now_ms=now_ms)
        return replace(report, csv=kept, notes=(*report.notes, *_hole(held, report, fresh)))

    def _settle_doubts(self, held: CsvFile, report: Report) -> Report:
        """Ask again for candles that the CSV may hold unfinished and that did not come just now."""
        known = self.store.ledger.answered(report.series) + ([report.got] if report.got else [])
        for open_ms in held.doubtful:
            if report.ok and not any(open_ms in span for span in known):
                again = self.collect(report.series, since=open_ms, until=open_ms + 1)
                report = report.followed_by(again)
        return report

    def _since(self, series: Series, csv: pl.DataFrame, last: int) -> pl.DataFrame:
        """What is held from the first candle of the CSV on, or the newest `last` when it is new."""
        newest_held = self.store.candles.read(series, last=last)
        if newest_held.span is None or csv.is_empty():
            return newest_held.frame
        first_ms = min(int(csv["open_time"].dt.epoch("ms")[0]), newest_held.span.start)
        return self.store.candles.read(series, span=Span(first_ms, newest_held.span.end)).frame


def _hole(held: CsvFile, report: Report, fresh: pl.DataFrame) -> list[str]:
    """A remark when candles lie between the CSV's last one and what is held that nobody asked."""
    opens = held.frame["open_time"].dt.epoch("ms")
    later = fresh["open_time"].dt.epoch("ms")
    later = later.filter(later > int(opens[-1])) if len(opens) else opens
    if later.is_empty() or int(later[0]) <= report.series.interval.next(int(opens[-1])):
        return []
    start, end = ms_to_text(int(opens[-1])), ms_to_text(int(later[0]))
    command = f"chandlery collect {report.series} --since {start[:10]}"
    return [f"{held.path} has no candles between {start} and {end}; '{command}' fetches them."]
