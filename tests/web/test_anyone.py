"""The pages for everybody: no serious fault for axe, wide and narrow, light and dark; pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import visit
from tests.web.kept import KeptPage, kept_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT: Final = Path(__file__).parents[2]
AXE: Final = (ROOT / "frontend/node_modules/axe-core/axe.min.js").read_text()
RUN: Final = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] })
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)
}"""
MOVING: Final = """() => [...document.querySelectorAll('*')].filter((one) => {
  const { transitionDuration: times, animationName: name } = getComputedStyle(one)
  return name !== 'none' || times.split(',').some((text) => parseFloat(text) > 0)
}).map((one) => one.outerHTML.slice(0, 200))"""
PAGES: Final = {
    "chart": ("/", "[data-ready=true]"),
    "market": ("/market", "table tbody tr"),
    "coverage": ("/coverage", "canvas"),
    "jobs": ("/jobs", "h1"),
    "api": ("/api/docs", "h1"),
}
SIZES: Final = {"phone": (360, 760), "desk": (1440, 900), "large": (3840, 2160)}
PICTURES: Final = Path(os.environ.get("PICTURES_FOLDER", ROOT / ".pytest_cache" / "pictures"))
"""Where the pictures are written, for people to look at."""


@pytest.fixture(scope="module")
def shown() -> Iterator[KeptPage]:
    """The page over a few hundred candles of two series."""
    with kept_page(last=300) as page:
        yield page


def opened(browser: Browser, url: str, width: int, height: int, **looks: Any) -> Page:  # noqa: ANN401
    """A page in a window of that size, once what it waits for is there."""
    context = browser.new_context(viewport={"width": width, "height": height}, **looks)
    page = context.new_page()
    page.goto(url)
    return page


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(browser: Browser, shown: KeptPage, name: str, scheme: str) -> None:
    """Axe finds no serious fault on any page, on a desk and on a phone."""
    path, sign = PAGES[name]
    for size in ("desk", "phone"):
        page = opened(browser, shown.url + path, *SIZES[size], color_scheme=scheme)
        page.wait_for_selector(sign, state="attached")
        page.wait_for_timeout(500)
        page.evaluate(AXE)
        assert page.evaluate(RUN) == []
        page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_pictures(browser: Browser, shown: KeptPage, name: str) -> None:
    """From a phone to 4K nothing scrolls sideways; pictures of every state are left to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path, sign = PAGES[name]
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            page = opened(browser, shown.url + path, width, height, color_scheme=scheme)
            page.wait_for_selector(sign, state="attached")
            page.wait_for_timeout(800)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.screenshot(path=PICTURES / f"{name}-{size}-{scheme}.png")
            page.context.close()


def test_reduced_motion(browser: Browser, shown: KeptPage) -> None:
    """Who wants less motion gets none: nothing is animated by the style sheet."""
    page = opened(browser, shown.url, 1440, 900, reduced_motion="reduce")
    page.wait_for_selector("[data-ready=true]")
    assert page.evaluate(MOVING) == []
    page.context.close()


def test_keyboard_alone(browser: Browser, shown: KeptPage) -> None:
    """With the Tab key one comes to the chart, whose candles are then told by the arrow keys."""
    with browser.new_context() as context:
        page = visit(context, shown.url).page
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the chart")).to_be_focused()
        page.keyboard.press("Enter")
        chart = page.locator("[data-part=chart]")
        for _ in range(3):
            if chart.evaluate("one => one === document.activeElement"):
                break
            page.keyboard.press("Tab")
        expect(chart).to_be_focused()
        page.keyboard.press("Home")
        shown_time = page.locator("[data-field=open_time]").get_attribute("value")
        opens = shown.first.frame["open_time"].dt.epoch("ms")
        assert shown_time == str(opens[0])
