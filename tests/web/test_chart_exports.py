"""What leaves the page: the table of what is in sight, files, a picture and a link."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, Download, Page, expect

from chandlery.candles.frame import SCHEMA
from tests.web.conftest import visit
from tests.web.kept import HOURS, KeptPage
from tests.web.on_charts import choose, draw_line, drawn, in_sight, switch, values
from tests.web.reading import texts

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def read_file(download: Download, folder: Path) -> Path:
    """A file that the browser has downloaded."""
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


def test_table(page: Page, shown: KeptPage) -> None:
    """The table holds every value of the candles in sight, newest first, and follows the view."""
    page.click("[data-part=table]")
    rows = in_sight(page)
    stored = texts(shown.first).select(SCHEMA.keys()).to_dicts()
    assert rows == stored[: -len(rows) - 1 : -1]
    expect(page.locator("[data-part=data-table] caption")).to_contain_text(
        f"the {len(rows)} candles in sight, newest first"
    )
    page.locator("[data-part=chart]").focus()
    page.keyboard.press("Home")
    first = page.locator("[data-part=data-table] tbody tr[data-open]").last
    expect(first).to_have_attribute("data-open", stored[0]["open_time"])
    page.click("[data-part=table]")
    expect(page.locator("[data-part=data-table]")).to_have_count(0)


@pytest.mark.parametrize("kind", ["CSV", "Parquet"])
def test_export(page: Page, shown: KeptPage, tmp_path: Path, kind: str) -> None:
    """What is in sight comes as a file that holds exactly the stored candles."""
    page.click("[data-part=table]")
    rows = len(in_sight(page))
    page.click("#export")
    with page.expect_download() as found:
        page.locator(".menu .entry").filter(has_text=kind).click()
    path = read_file(found.value, tmp_path)
    stored = shown.first.frame.tail(rows)
    if kind == "CSV":
        frame = pl.read_csv(path, infer_schema=False)
        assert frame["close"].to_list() == stored["close"].cast(pl.String).to_list()
        assert frame.height == rows
    else:
        assert pl.read_parquet(path).select(stored.columns).equals(stored)


def test_picture(page: Page, tmp_path: Path) -> None:
    """The chart can be saved as a picture, a little higher than the chart for its heading."""
    box = page.locator("[data-part=chart]").bounding_box()
    assert box is not None
    page.click("#export")
    with page.expect_download() as found:
        page.locator(".menu .entry").filter(has_text="Picture").click()
    png = read_file(found.value, tmp_path).read_bytes()
    assert png.startswith(b"\x89PNG")
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    assert abs(width - box["width"]) <= 1
    assert 40 <= height - box["height"] <= 90
    expect(page.locator(".toast")).to_contain_text("downloads")


def test_link(browser: Browser, shown: KeptPage) -> None:
    """A copied link shows the same in another browser, drawings and parameters included."""
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = visit(context, f"{shown.url}/?series={HOURS}").page
        switch(page, "MA")
        choose(page, "#axis", "Logarithmic")
        draw_line(page)
        lines = drawn(page)
        choose(page, "#export", "Copy link")
        expect(page.locator(".toast")).to_contain_text("copied")
        link = page.evaluate("navigator.clipboard.readText()")
        averages = values(page, "MA")
    with browser.new_context() as other:
        there = visit(other, link)
        expect(there.page.locator(".toast")).to_have_text(
            "One drawing of this link was added to yours."
        )
        assert drawn(there.page) == lines
        assert values(there.page, "MA") == averages
        there.page.click("#axis")
        expect(there.page.get_by_role("menuitemradio", name="Logarithmic")).to_be_checked()
        assert there.complaints == []
