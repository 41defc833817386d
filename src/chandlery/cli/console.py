"""Lines for people: results on stdout, everything else on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

from chandlery.clock import ms_to_text

if TYPE_CHECKING:
    from chandlery.collect.collect import Listener, Progress

_EVERY_SECONDS: Final = 5.0


def say(text: str) -> None:
    """A result, on stdout."""
    typer.echo(text)


def note(text: str) -> None:
    """A remark for people, on stderr, where it does not disturb a pipe."""
    typer.echo(text, err=True)


@contextmanager
def progress(name: str) -> Iterator[Listener]:
    """A listener that shows how far a long collection is: a bar at a terminal, else lines."""
    if sys.stderr.isatty():
        with _bar(name) as listener:
            yield listener
    else:
        yield _lines(name)


@contextmanager
def _bar(name: str) -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    began = time.monotonic()
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(f"{name}: asking", total=1.0)
        yield lambda progress: bars.update(
            task, completed=progress.share, description=_reached(name, progress, began)
        )


def _lines(name: str) -> Listener:
    began = last = time.monotonic()

    def listener(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY_SECONDS:
            last = time.monotonic()
            note(f"{_reached(name, progress, began)}, {_left(progress, began)}")

    return listener


def _reached(name: str, progress: Progress, began: float) -> str:
    seconds = max(time.monotonic() - began, 0.001)
    fetched = f", {megabytes(progress.fetched_bytes)}" if progress.fetched_bytes else ""
    rate = f"{progress.candles / seconds:,.0f} a second"
    return f"{name}: {progress.candles:,} candles{fetched} ({rate}), at {_date(progress)}"


def _date(progress: Progress) -> str:
    return ms_to_text(progress.reached_ms).removesuffix(" UTC")


def _left(progress: Progress, began: float) -> str:
    """How long it will still take, if it goes on like this."""
    if not progress.share:
        return "time left unknown"
    left = (time.monotonic() - began) * (1 - progress.share) / progress.share
    return f"about {left:,.0f} s left ({progress.share:.0%} done)"


def megabytes(count: float) -> str:
    """Bytes as people read them."""
    if count < 100_000:  # noqa: PLR2004
        return f"{count / 1e3:,.1f} kB"
    return f"{count / 1e6:,.1f} MB" if count < 1e9 else f"{count / 1e9:,.2f} GB"  # noqa: PLR2004
