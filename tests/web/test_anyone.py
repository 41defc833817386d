"""The pages for everybody: no serious fault for axe, wide and narrow, light and dark; pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Scheme, Window
from tests.web.kept import KeptPage, kept_page
from tests.web.on_charts import two_frames

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT: Final = Path(__file__).parents[2]
AXE: Final = (ROOT / "frontend/node_modules/axe-core/axe.min.js").read_text()
RUN: Final = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] })
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)
}"""
MOVING: Final = """() => [...document.querySelectorAll('*')].filter((one) => {
  const { transitionDuration: times, animationName: name } = getComputedStyle(one)
  return name !== 'none' || times.split(',').some((text) => parseFloat(text) > 0)
}).map((one) => one.outerHTML.slice(0, 200))"""
STILL: Final = """() => Promise.allSettled(document.getAnimations().flatMap((one) =>
  one.effect.getComputedTiming().endTime === Infinity ? [] : [one.finished]))"""
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


@dataclass(frozen=True)
class Place:
    """One of the pages, open, to be looked at by day and by night, from near and far."""

    name: str
    page: Page

    def at(self, size: str, scheme: Scheme) -> int:
        """Look at it in a window of that size and in those colours; gives the window's width."""
        width, height = SIZES[size]
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_timeout(500)
        two_frames(self.page)
        self.page.evaluate(STILL)
        return width


@pytest.fixture(scope="module", params=PAGES)
def place(request: pytest.FixtureRequest, shown: KeptPage, window: Window) -> Place:
    """Each of the pages, loaded once for all that is asked of it."""
    path, sign = PAGES[request.param]
    window.page.goto(shown.url + path)
    window.page.wait_for_selector(sign, state="attached")
    window.page.evaluate(AXE)
    return Place(request.param, window.page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(place: Place, scheme: Scheme) -> None:
    """Axe finds no fault but minor ones on any page, on a desk and on a phone."""
    for size in ("desk", "phone"):
        place.at(size, scheme)
        assert place.page.evaluate(RUN) == []


def test_pictures(place: Place) -> None:
    """From a phone to 4K nothing scrolls sideways; pictures of every state are left to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    schemes: tuple[Scheme, Scheme] = ("light", "dark")
    for size in SIZES:
        for scheme in schemes:
            width = place.at(size, scheme)
            assert place.page.evaluate("document.documentElement.scrollWidth") <= width
            place.page.screenshot(path=PICTURES / f"{place.name}-{size}-{scheme}.png")


def test_reduced_motion(shown: KeptPage, window: Window) -> None:
    """Who wants less motion gets none: nothing is animated by the style sheet."""
    page = window.visit(shown.url, motion="reduce").page
    assert page.evaluate(MOVING) == []


def test_keyboard_alone(shown: KeptPage, window: Window) -> None:
    """With the Tab key one comes to the chart, whose candles are then told by the arrow keys."""
    page = window.visit(shown.url).page
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
