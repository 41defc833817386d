"""`chandlery results`: what Celery's tasks have done, from where their results are kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from chandlery.cli.console import note, say
from chandlery.cli.options import Home
from chandlery.clock import ms_to_text

if TYPE_CHECKING:
    from chandlery.schedule.results import TaskResult

_FORMS: Final = ("table", "json", "csv")
_COUNTS: Final = ("new", "unchanged", "revised", "seconds")
_HEADINGS: Final = ("when", "series", "state", *_COUNTS, "error", "id")
_GAP: Final = "  "
_MOST: Final = 100_000


def results(
    last: Annotated[
        int, typer.Option(help="The newest N tasks.", metavar="N", min=1, max=_MOST)
    ] = 20,
    id_: Annotated[
        str | None,
        typer.Option("--id", help="One task, with its rows; the first letters do.", metavar="ID"),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
    home: Home = None,
) -> None:
    """List the finished tasks of Celery's workers, newest first, or show one with its rows."""
    from chandlery.errors import UnknownFormat
    from chandlery.schedule.results import read_result, read_results, results_place
    from chandlery.settings import read_settings

    if form not in _FORMS:
        raise UnknownFormat(form, _FORMS)
    settings = read_settings(home=home)
    if id_ is not None:
        _one(read_result(settings, id_), form)
        return
    found = read_results(settings, last=last)
    if not found:
        note(
            f"No results in {results_place(settings)} yet. 'celery -A tasks worker -l info' and "
            "'celery -A tasks beat --loglevel=INFO' bring them."
        )
    _many(found, form)


def _many(found: Sequence[TaskResult], form: str) -> None:
    import orjson

    if form == "json":
        say(orjson.dumps([one.as_dict() for one in found]).decode())
    elif form == "csv":
        _csv([_HEADINGS, *map(_line, found)])
    elif found:
        _table([_HEADINGS, *map(_line, found)])


def _one(result: TaskResult, form: str) -> None:
    import orjson

    if form == "json":
        say(orjson.dumps(result.as_dict()).decode())
    elif form == "csv":
        _csv(result.rows)
    else:
        for name, value in result.as_dict().items():
            if name not in {"columns", "rows", "done_ms"}:
                say(f"{name}: {'' if value is None else value}")
        if result.rows:
            _table([result.columns, *result.rows])


def _line(result: TaskResult) -> tuple[object, ...]:
    counts = (result.report.get(name) for name in _COUNTS)
    return (
        ms_to_text(result.done_ms // 1000 * 1000),
        result.series or result.task,
        result.state,
        *counts,
        result.error,
        result.id,
    )


def _csv(lines: Sequence[Sequence[object]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    typer.echo(text.getvalue(), nl=False)


def _table(lines: Sequence[Sequence[object]]) -> None:
    texts = [["" if value is None else str(value) for value in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for line in texts:
        cells = [text.ljust(width) for text, width in zip(line, widths, strict=True)]
        say(_GAP.join(cells).rstrip())
