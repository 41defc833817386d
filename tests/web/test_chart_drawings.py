"""Drawings on the charts, in a real browser: made, kept, moved and taken away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.waiting import eventually
from tests.web.kept import KeptPage
from tests.web.on_charts import COUNT_INK, choose, draw_line, drawn

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def when(lines: list[str]) -> str:
    """When the only drawing begins, as the menu says it."""
    return lines[0].rpartition("\n")[2]


def test_drawing_stays(page: Page, shown: KeptPage) -> None:
    """A line drawn with the mouse outlives a reload, and is in every chart of the symbol."""
    before = page.evaluate(COUNT_INK)
    draw_line(page)
    lines = drawn(page)
    assert len(lines) == 1
    assert lines[0].startswith("Trend line")
    page.reload()
    page.wait_for_selector("[data-ready=true]")
    eventually(lambda: drawn(page) == lines)
    eventually(lambda: page.evaluate(COUNT_INK) > before + 80)
    page.click("#add-chart")
    eventually(lambda: page.evaluate(COUNT_INK) > before + 120)
    page.goto(f"{shown.url}/?series=binance:BTCUSDT:4h")
    page.wait_for_selector("[data-ready=true]")
    assert drawn(page) == lines


def test_drawing_is_moved_and_deleted(page: Page) -> None:
    """A chosen drawing moves with the arrow keys; Delete takes it away, Escape lets it be."""
    draw_line(page)
    lines = drawn(page)
    choose(page, "#draw", when(lines))
    page.keyboard.press("ArrowRight")
    moved = drawn(page)
    assert moved != lines
    choose(page, "#draw", when(moved))
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    assert drawn(page) == moved
    choose(page, "#draw", when(moved))
    page.keyboard.press("Delete")
    assert drawn(page) == []


def test_delete_all_drawings(page: Page) -> None:
    """Deleting all drawings asks first, and does it only when the answer is yes."""
    draw_line(page)
    for answer, left in (("No, keep them", 1), ("Yes, delete them", 0)):
        choose(page, "#draw", "Delete all")
        expect(page.locator(".menu")).to_contain_text("Delete the drawing of binance:BTCUSDT?")
        page.locator(".menu .entry").filter(has_text=answer).click()
        assert len(drawn(page)) == left


def test_drawing_by_keyboard(page: Page) -> None:
    """A line can be drawn without a mouse; Escape puts a tool away."""
    page.locator("#draw").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".menu")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("press Enter")
    for key in ("Shift+ArrowLeft", "Enter", "Shift+ArrowLeft", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    assert len(drawn(page)) == 1
    page.locator("#draw").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()  # Enter tells a candle's story again
    page.keyboard.press("Escape")
    assert len(drawn(page)) == 1


def test_note(page: Page) -> None:
    """A note says on the chart and in the menu what was typed."""
    choose(page, "#draw", "Note")
    page.get_by_label("What the note says").fill("Halving")
    page.keyboard.press("Enter")
    page.locator("[data-part=chart]").click(position={"x": 200, "y": 60})
    eventually(lambda: [line.partition("\n")[0] for line in drawn(page)] == ["Halving"])
