"""Reading the page as a person does: from its visible text, and from the exact values beside it."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
from playwright.sync_api import Locator, Page

from chandlery.candles.frame import SCHEMA, Candles

FIELDS = tuple(name for name in SCHEMA if name != "close_time")


def legend(page: Page) -> dict[str, str]:
    """The exact value of every field in the legend, as the server sent it."""
    found = page.locator("[data-part=legend] [data-field]")
    return dict(
        found.evaluate_all("all => all.map(one => [one.dataset.field, one.getAttribute('value')])")
    )


def field(page: Page, name: str) -> Locator:
    """The visible element of one field."""
    return page.locator(f"[data-part=legend] [data-field={name}]")


def number(text: str) -> Decimal:
    """A number as the page prints it, thousands set apart, maybe with a unit."""
    return Decimal(text.partition(" ")[0].replace(",", "").strip("$%"))


def assert_legend_shows(page: Page, candles: Candles, index: int) -> None:
    """Every field shows candle `index`: the exact text, and visibly the same number."""
    exact = legend(page)
    row = texts(candles).row(index, named=True)
    assert {name: exact[name] for name in FIELDS} == {name: row[name] for name in FIELDS}
    for name in FIELDS[1:]:
        assert number(field(page, name).inner_text()) == Decimal(row[name])
    moment = candles.frame["open_time"][index].strftime("%b %-d, %Y, %-I:%M")
    assert field(page, "open_time").inner_text().startswith(moment)
    forming = index >= len(candles) - candles.unfinished
    assert exact["state"] == ("forming" if forming else "closed")


def texts(candles: Candles) -> pl.DataFrame:
    """The frame as text, times in milliseconds: what the interface sends."""
    times = pl.col("open_time", "close_time").dt.epoch("ms")
    return candles.frame.with_columns(times).cast(pl.String)


def index_of(candles: Candles, open_ms: str) -> int:
    """Which candle opens at `open_ms`."""
    return texts(candles)["open_time"].to_list().index(open_ms)


def poll_now(page: Page) -> None:
    """Let the page ask the server at once, as when a person comes back to it."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
