"""The command line: the list of commands, and how errors become exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from chandlery.cli import (
    caps,
    collecting,
    deriving,
    files,
    following,
    history,
    keeping,
    results,
    sandboxing,
    serving,
    showing,
    working,
)
from chandlery.cli.stopping import end_at_once_if_told, interrupted_quietly
from chandlery.errors import ChandleryError

app = typer.Typer(
    name="chandlery",
    help="Collects exchange candles, keeps every one of them exactly, and shows them.",
    epilog="Start with 'chandlery up', or without a network with 'chandlery demo'.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command(short_help="Collect, serve the page, keep everything current.")(serving.up)
app.command(short_help="The same against the built-in sandbox exchange; no network.")(serving.demo)
app.command(short_help="Fetch candles and keep them.")(collecting.collect)
app.command(short_help="Show what a backfill would fetch, and what that costs.")(history.plan)
app.command(short_help="Collect the whole history, archive files first.")(history.backfill)
app.command(short_help="Keep series from now on, beside those of the settings.")(keeping.keep)
app.command(short_help="Keep series no more; what is stored stays.")(keeping.forget)
app.command(short_help="Show candles as they move; keep them.")(following.follow)
app.command(short_help="Prove that ledger and candles agree.")(history.verify)
app.command(short_help="Show kept candles.")(showing.show)
app.command(short_help="Show what is kept, how fresh it is, and what went wrong.")(showing.status)
app.command(short_help="Show the biggest coins by market cap.")(caps.caps)
app.command(short_help="List where a series has no candles, and why.")(showing.gaps)
app.command(short_help="Write kept candles to files.")(files.export)
app.command(short_help="Sum kept candles up to larger ones.")(deriving.resample)
app.command(short_help="Ask what is kept in SQL.")(deriving.sql)
app.command(short_help="List what Celery's tasks have done.")(results.results)
app.command("import", short_help="Keep the candles of files and folders.")(files.import_)
app.command(short_help="Serve the page; keep the data current in the background.")(serving.serve)
app.command(short_help="Keep everything current, without the page.")(working.worker)
app.command(short_help="List what is collected how often, and when next.")(working.schedule)
app.command(short_help="Run the built-in exchange for rehearsals.")(sandboxing.sandbox)
app.command(short_help="Show the settings in force.")(showing.settings)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"chandlery {version('chandlery')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Collects exchange candles, keeps every one of them exactly, and shows them."""


def main() -> None:
    """Run the command line; errors become one line on stderr and an exit code."""
    try:
        with errors_as_lines():
            app()
    finally:
        end_at_once_if_told()


@contextmanager
def errors_as_lines() -> Iterator[None]:
    """Ends the program with one clear line for every error that is ours, and for Ctrl-C."""
    with interrupted_quietly():
        try:
            yield
        except ChandleryError as error:
            typer.echo(f"chandlery: {error}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            typer.echo("chandlery: stopped.", err=True)
            sys.exit(130)
        except BrokenPipeError:
            # The reader of our output has gone, as `head` does; that is not an error.
            _let_go_of_stdout()
            sys.exit(0)
        except OSError as error:
            typer.echo(f"chandlery: {error.strerror or error}.", err=True)
            _let_go_of_stdout()
            sys.exit(2)


def _let_go_of_stdout() -> None:
    """Keep Python from flushing, at its end, what cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
