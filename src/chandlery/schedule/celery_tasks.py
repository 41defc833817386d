"""The tasks: each does one job once, and gives back what became of it as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from celery import Celery, Task
from celery.exceptions import Ignore, SoftTimeLimitExceeded
from celery.states import STARTED
from celery.utils.log import get_task_logger

from chandlery.candles.binance_rows import rows
from chandlery.candles.frame import SCHEMA, Candles
from chandlery.candles.table import table
from chandlery.collect.jobs import listing_job
from chandlery.collect.keeper import Keeper
from chandlery.collect.market_caps import MARKET_CAPS
from chandlery.collect.report import Report
from chandlery.collect.runner import Done, Runner
from chandlery.errors import InputError, StoreError, TaskFailed
from chandlery.schedule.celery_keeper import ProcessKeeper

COLLECT: Final = "chandlery.collect"
CAPS: Final = "chandlery.market_caps"
SYMBOLS: Final = "chandlery.symbols"

COLUMNS: Final = (*SCHEMA, "ignore")
MOST_ROWS: Final = 1_000
"""A result holds the newest so many; the store has them all."""

_SHOWN_LINES: Final = 24
_LOG: Final = get_task_logger(__name__)


def register(app: Celery, keeper: ProcessKeeper) -> None:
    """Give the Celery application its tasks."""
    options = {"throws": (TaskFailed,), "resultrepr_maxsize": 64, "shared": False}

    @app.task(name=COLLECT, bind=True, **options)
    def collect(task: Task, series: str, due_ms: int | None = None) -> dict[str, Any]:
        """Collect what was missed of a series, show it, and keep its CSV."""
        work = _Collection(task, series, due_ms)
        result: dict[str, Any] = _told(lambda: keeper.use(work.do))
        return result

    @app.task(name=CAPS, ignore_result=True, **options)
    def market_caps(due_ms: int | None = None) -> None:
        """Ask for the market caps, unless somebody did within the minute."""
        _told(lambda: keeper.use(lambda opened: _simple(opened, MARKET_CAPS, due_ms)))

    @app.task(name=SYMBOLS, ignore_result=True, **options)
    def symbols(exchange: str, due_ms: int | None = None) -> None:
        """List the symbols of an exchange."""
        name = listing_job(exchange)
        _told(lambda: keeper.use(lambda opened: _simple(opened, name, due_ms)))


class _Collection:
    """One task's collection of a series."""

    def __init__(self, task: Task, series: str, due_ms: int | None) -> None:
        self._task = task
        self._series = series
        self._due_ms = due_ms

    def do(self, keeper: Keeper) -> dict[str, Any]:
        """The result. Raises `TaskFailed`, `StoreError`, `InputError`, and `Ignore`."""
        done = Runner(keeper).do(self._series, due_ms=self._due_ms)
        if done.skipped is not None:
            return self._skipped(done.skipped)
        if done.report is None:
            raise TaskFailed(str(done.failure), {"series": self._series})
        result = self._result(keeper, done.report)
        if done.failure is not None:
            raise TaskFailed(str(done.failure), result)
        return result

    def _skipped(self, why: str) -> dict[str, Any]:
        if self._due_ms is None:
            return {"series": self._series, "skipped": why}
        # That it began has been written; what was done already has a result of its own.
        request = self._task.request
        if not request.is_eager and self._task.backend.get_state(request.id) == STARTED:
            self._task.backend.forget(request.id)
        raise Ignore(why)

    def _result(self, keeper: Keeper, report: Report) -> dict[str, Any]:
        candles = _collected(keeper, report)
        # What a wildcard brought in comes by the hundred.
        named = self._due_ms is None or report.series in keeper.patterns()
        _show(report, candles, whole=named)
        result = report.as_dict()
        if keeper.settings.results == "rows":
            collected = rows(candles.frame)
            kept = report.kept
            total = kept.new + kept.unchanged + kept.revised + kept.forming
            left_out = total - len(collected) if len(collected) == MOST_ROWS else 0
            result |= {"rows_left_out": left_out, "columns": COLUMNS, "rows": collected}
        return result


def _simple(keeper: Keeper, name: str, due_ms: int | None) -> Done:
    done = Runner(keeper).do(name, due_ms=due_ms)
    if done.failure is not None:
        raise TaskFailed(str(done.failure))
    return done


def _told(work: Callable[[], Any]) -> Any:  # noqa: ANN401  what the work gives back
    """Whatever goes wrong in a foreseen way becomes a failure that needs no traceback."""
    try:
        return work()
    except (StoreError, InputError) as error:
        raise TaskFailed(str(error)) from error
    except SoftTimeLimitExceeded as error:
        msg = "It took too long and was ended. What was fetched is kept; the next run goes on."
        raise TaskFailed(msg) from error


def _collected(keeper: Keeper, report: Report) -> Candles:
    """The newest of the candles that came."""
    if report.got is None:
        return Candles(report.series)
    return keeper.read(report.series, last=MOST_ROWS, span=report.got)


def _show(report: Report, candles: Candles, *, whole: bool) -> None:
    """What a collection did, in the worker's console; `whole` with the candles themselves."""
    kept = report.kept
    done = (
        f"{report.series}: {kept.new:,} new, {kept.unchanged:,} unchanged, {kept.revised:,} revised"
    )
    if whole and len(candles):
        _LOG.info("%s\n%s", done, table(candles, height=_SHOWN_LINES))
    else:
        _LOG.info("%s", done)
