"""`chandlery collect`, and the one-shot collection behind `tasks.py`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from chandlery.cli.console import note, progress, say
from chandlery.cli.options import Home, Json, Last, Since, Until
from chandlery.clock import ms_to_text
from chandlery.errors import InputError, RemoteError

if TYPE_CHECKING:
    from chandlery.candles.series import Series
    from chandlery.collect.keeper import Keeper
    from chandlery.collect.report import CsvKept, Report
    from chandlery.store import Kept


def collect(
    series: Annotated[
        list[str] | None,
        typer.Argument(help="EXCHANGE:SYMBOL:INTERVAL …; those of the settings when left out."),
    ] = None,
    last: Last = None,
    since: Since = None,
    until: Until = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Fetch candles and keep them: the newest N (500), or all that is missing since a time.

    Running it twice changes nothing. The CSV of the settings is kept up to date when the newest
    candles of its series are collected.
    """
    from chandlery.candles.series import Series
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    asked = [Series.parse(text) for text in series or []]
    say_zone(since, until)
    outcome = Outcome()
    reports = []
    with Keeper(read_settings(home=home)) as keeper:
        for one in asked or keeper.listed_series():
            with outcome.of_one():
                report = outcome.add(_collect_one(keeper, one, last, since, until))
                reports.append(report.to_json())
                if not as_json:
                    print_report(report, say)
    if as_json:
        say(f"[{','.join(reports)}]")
    outcome.end()


def once() -> None:
    """Collect the newest candles of the settings' series, show them, and keep the CSV.

    This is `python tasks.py`: the table goes to stdout, whole when it is piped.
    """
    from chandlery.candles.table import table
    from chandlery.collect.keeper import FRESHEST, Keeper
    from chandlery.settings import read_settings

    outcome = Outcome()
    with Keeper(read_settings()) as keeper:
        for text in keeper.notes:
            note(text)
        for series in keeper.listed_series():
            with outcome.of_one():
                with progress(str(series)) as listener:
                    report = keeper.keep_current(series, last=FRESHEST, listener=listener)
                if outcome.add(report).ok:
                    candles = keeper.read(report.series, last=FRESHEST)
                    size = shutil.get_terminal_size() if sys.stdout.isatty() else None
                    say(f"{report.series}")
                    say(table(candles, width=size and size.columns, height=size and size.lines))
                print_report(report, note)
    outcome.end()


def print_report(report: Report, tell: Callable[[str], None]) -> None:
    """What one collection did, in one line, and a line for each thing worth knowing."""
    for text in report.notes:
        tell(text)
    if report.failure is not None:
        tell(f"{report.series}: {report.failure}")
        if not report.requests:
            return
    kept = report.kept
    seconds = (report.ended_ms - report.started_ms) / 1000
    tell(
        f"{report.series}: {counted(kept)} "
        f"({report.requests} requests, {seconds:.1f} s; asked {report.asked})"
    )
    if report.csv:
        _print_csv(report.csv, tell)


def counted(kept: Kept) -> str:
    """What was kept, in words."""
    return (
        f"{kept.new:,} new, {kept.unchanged:,} unchanged, {kept.revised:,} revised, "
        f"{kept.forming} forming"
    )


def _print_csv(csv: CsvKept, tell: Callable[[str], None]) -> None:
    tell(f"{csv.path}: {csv.rows:,} rows, {csv.added:,} of them new")
    if csv.backup:
        tell(
            f"{csv.path} was written by an earlier program that appended: {csv.duplicates:,} "
            f"duplicate rows are gone, and the old file is kept as {csv.backup}."
        )
    for open_ms in csv.left_out:
        tell(
            f"{csv.path}: the candle of {ms_to_text(open_ms)} had been stored unfinished and the "
            "exchange no longer gives it; it is left out."
        )


def _collect_one(
    keeper: Keeper, series: Series, last: int | None, since: str | None, until: str | None
) -> Report:
    from chandlery.collect.keeper import FRESHEST

    with progress(str(series)) as listener:
        if since is None and until is None:
            count = FRESHEST if last is None else last
            return keeper.keep_current(series, last=count, listener=listener)
        return keeper.collect(series, last=last, since=since, until=until, listener=listener)


def say_zone(*times: str | None) -> None:
    """Say so when a time names no zone and is therefore taken as UTC."""
    from chandlery.collect.wanted import has_zone

    for time in times:
        if time is not None and not has_zone(time):
            note(f"{time} names no time zone and is taken as UTC.")


class Outcome:
    """The exit code of a command that does several series: the worst of them."""

    def __init__(self) -> None:
        self._code = 0

    def add(self, report: Report) -> Report:
        """Count a report; what the network refused makes 1."""
        self.count(ok=report.ok)
        return report

    def count(self, *, ok: bool) -> None:
        """Count something that went well, or did not."""
        self._code = max(self._code, 0 if ok else 1)

    @contextmanager
    def of_one(self) -> Iterator[None]:
        """What cannot be done for one series is told at once, and does not stop the others."""
        try:
            yield
        except (InputError, RemoteError) as error:
            note(f"chandlery: {error}")
            self._code = max(self._code, error.exit_code)

    def end(self) -> None:
        """Exit, unless all went well."""
        if self._code:
            sys.exit(self._code)
