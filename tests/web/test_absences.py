"""Absent candles on the page: drawn as absences, with the reason in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.web.kept import KeptPage, kept_page
from tests.web.reading import field, legend

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOURS: Final = "binance:BTCUSDT:1h"
HOUR_MS: Final = 3_600_000
HOLE: Final = 3
"""Candles that nobody has asked for, in the middle of those that are kept."""


@pytest.fixture(scope="module")
def shown() -> Iterator[KeptPage]:
    """The page over two stretches of hours, with three hours between them."""
    with kept_page(series=HOURS, last=20) as page:
        first = int(page.first.frame["open_time"].dt.epoch("ms")[0])
        until = first - HOLE * HOUR_MS
        report = page.keeper.collect(HOURS, since=until - 30 * HOUR_MS, until=until)
        assert report.kept.new == 30
        yield page


def walk_back(page: Page, steps: int) -> None:
    """Go back from the newest candle with the arrow keys."""
    page.locator("[data-part=chart]").focus()
    page.keyboard.press("End")
    for _ in range(steps):
        page.keyboard.press("ArrowLeft")


def test_absence_and_its_reason(page: Page, shown: KeptPage) -> None:
    """Where candles are absent the legend has no values, and the reason stands beside it."""
    newest = int(shown.first.frame["open_time"].dt.epoch("ms")[-1])
    walk_back(page, 20)
    expect(field(page, "state")).to_have_text("absent")
    expect(field(page, "open")).to_have_text("\N{EN DASH}")
    note = page.locator("[data-part=note]")
    expect(note).to_contain_text(f"{HOLE} candles absent until")
    words = shown.keeper.gaps(HOURS)
    assert any(gap.candles == HOLE and gap.reason == "never asked" for gap in words)
    expect(note).to_contain_text("asked")
    for _ in range(HOLE):
        page.keyboard.press("ArrowLeft")
    expect(field(page, "state")).to_have_text("closed")
    assert int(legend(page)["open_time"]) == newest - (20 + HOLE) * HOUR_MS
    expect(note).to_have_text("")


def test_filled_absence(page: Page, shown: KeptPage) -> None:
    """Once the candles are kept they take their places, without a reload."""
    walk_back(page, 20)
    expect(field(page, "state")).to_have_text("absent")
    at = int(shown.first.frame["open_time"].dt.epoch("ms")[-1]) - 20 * HOUR_MS
    assert shown.keeper.collect(HOURS, since=at - 5 * HOUR_MS, until=at + HOUR_MS).kept.new == HOLE
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(field(page, "state")).to_have_text("closed", timeout=15_000)
    assert int(legend(page)["open_time"]) == at
