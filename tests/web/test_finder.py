"""The search: symbols that are kept, and one that is kept from now on, with its history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from chandlery.clock import StoppableClock
from chandlery.schedule.task_runner import TaskRunner
from tests.web.kept import HOURS, KeptPage, kept_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TIDE: Final = "binance:TIDEUSDT:1d"
"""A young symbol: its whole history is a few pages."""


@pytest.fixture(scope="module")
def shown() -> Iterator[KeptPage]:
    """The page over one series, and somebody who does what is asked for."""
    clock = StoppableClock()
    with (
        kept_page(series=HOURS, last=100) as page,
        TaskRunner(page.keeper, clock, tell=lambda _: None),
    ):
        yield page


def test_start_keeping(page: Page, shown: KeptPage) -> None:
    """Typed letters find a symbol that is not kept; one Enter keeps it, history and all."""
    page.locator("[data-part=chart]").focus()
    page.keyboard.type("tide")
    finder = page.get_by_role("dialog")
    option = finder.get_by_role("option").filter(has_text="TIDEUSDT")
    expect(option).to_contain_text("Start keeping")
    finder.get_by_label("Keep at").select_option("1d")
    finder.get_by_role("combobox", name="Symbol").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("TIDEUSDT", timeout=30_000)
    expect(finder).to_have_count(0)
    assert TIDE in map(str, shown.keeper.wanted_series())
    held = next(line for line in shown.keeper.catalogue() if str(line.series) == TIDE)
    assert held.candles > 5
    expect(page.locator("[data-field=close]")).not_to_have_attribute("value", "")


def test_nothing_found(page: Page) -> None:
    """What nothing is called by is said, and Escape leads back."""
    page.keyboard.press("/")
    page.keyboard.type("qqqq")
    finder = page.get_by_role("dialog")
    expect(finder).to_contain_text("Nothing is called qqqq")
    page.keyboard.press("Escape")
    expect(finder).to_have_count(0)
