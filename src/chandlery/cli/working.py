"""`chandlery worker` and `schedule`: keeping everything current without the page, and the plan."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from chandlery.cli.console import note, say
from chandlery.cli.options import Home, Json
from chandlery.cli.stopping import aside, until_stopped, wait_for_ever
from chandlery.clock import ms_to_text

if TYPE_CHECKING:
    from chandlery.collect.jobs import Job
    from chandlery.collect.keeper import Keeper
    from chandlery.collect.status import SeriesStatus

_CELERY: Final = (
    "This command is the worker without services: add --embedded, or --tasks for only what people "
    "ask for on the page. With Celery the worker is "
    "'celery -A tasks worker -l info -P eventlet', and 'celery -A tasks beat --loglevel=INFO' "
    "goes with it."
)
_HEADINGS: Final = ("job", "period", "last success (UTC)", "next due (UTC)", "lag", "remark")


def worker(
    embedded: Annotated[
        bool, typer.Option("--embedded", help="In this process, without Celery.")
    ] = False,
    tasks: Annotated[
        bool,
        typer.Option(
            "--tasks", help="Only what people ask for on the page, beside Celery's workers."
        ),
    ] = False,
    home: Home = None,
) -> None:
    """Keep every series current until Ctrl-C and do what people ask for, without the page."""
    from chandlery.clock import StoppableClock
    from chandlery.collect.keeper import Keeper
    from chandlery.errors import BadSetting
    from chandlery.schedule.embedded import EmbeddedLoop
    from chandlery.schedule.task_runner import TaskRunner
    from chandlery.settings import read_settings

    if not (embedded or tasks):
        raise BadSetting(_CELERY)
    clock = StoppableClock()
    settings = read_settings(home=home)
    opened = partial(Keeper, settings, clock=clock, background=True)
    with until_stopped(), aside(clock, opened) as keeper:
        for text in keeper.notes:
            note(text)
        say(f"{_work(keeper, tasks=tasks)} in {keeper.store.name} (Ctrl-C ends it)")
        with TaskRunner(keeper, clock, tell=note):
            if tasks:
                wait_for_ever()
            with EmbeddedLoop(keeper, clock, tell=note, refresh=False):
                wait_for_ever()


def _work(keeper: Keeper, *, tasks: bool) -> str:
    if tasks:
        return "Doing what is asked for"
    return f"Keeping {', '.join(map(str, keeper.patterns()))} current"


def schedule(home: Home = None, as_json: Json = False) -> None:
    """List what is collected how often: last success, next due time, lag, what is wrong."""
    import orjson

    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    with Keeper(read_settings(home=home)) as keeper:
        status = {line.series: line for line in keeper.status().series}
        now_ms = keeper.clock.now_ms()
        jobs = sorted(keeper.jobs(), key=lambda job: (job.series is None, not job.named, job.name))
        lines = [_line(keeper, job, status.get(job.name), now_ms) for job in jobs]
    if as_json:
        say(orjson.dumps(lines).decode())
        return
    shown = [_HEADINGS, *(_shown(line, now_ms) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())


def _line(
    keeper: Keeper, job: Job, status: SeriesStatus | None, now_ms: int
) -> dict[str, str | int | bool | None]:
    return {
        "job": job.name,
        "period": _period(keeper, job),
        "period_ms": job.period_ms,
        "succeeded_ms": job.state.succeeded_ms,
        "due_ms": None if job.ended else max(job.due_ms, now_ms),
        "lag_ms": status.lag_ms if status else None,
        "late": status.late if status else False,
        "ended": job.ended,
        "failures": job.state.failures,
        "error": job.state.error,
    }


def _period(keeper: Keeper, job: Job) -> str:
    settings = keeper.settings
    if job.series is None:
        return f"every {job.period_ms / 1000:g} s"
    every = settings.every.of(job.series)
    return f"at close + {settings.delay:g} s" if every is None else f"every {every:g} s"


def _shown(line: dict[str, str | int | bool | None], now_ms: int) -> tuple[str, ...]:
    from chandlery.cli.status_text import duration

    due_ms, lag_ms, succeeded_ms = (line[name] for name in ("due_ms", "lag_ms", "succeeded_ms"))
    return (
        str(line["job"]),
        str(line["period"]),
        "never" if succeeded_ms is None else _moment(int(succeeded_ms)),
        "never" if due_ms is None else "now" if due_ms == now_ms else _moment(int(due_ms)),
        "" if lag_ms is None else duration(int(lag_ms)),
        _remark(line),
    )


def _remark(line: dict[str, str | int | bool | None]) -> str:
    if line["ended"]:
        return "ended at the exchange"
    if line["failures"]:
        return f"failed {line['failures']} times: {line['error']}"
    return "late" if line["late"] else ""


def _moment(ms: int) -> str:
    return ms_to_text(ms // 1000 * 1000).removesuffix(" UTC")
