"""Scrolling, zooming and several charts: what is on the screen is what is kept, however deep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from chandlery.candles.interval import Interval
from tests.web.conftest import Window
from tests.web.kept import KeptPage, kept_page
from tests.web.reading import assert_legend_shows, field, legend

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MINUTES: Final = "binance:BTCUSDT:1m"
HOURS: Final = "binance:ETHUSDT:1h"
KEPT: Final = 6_000


@pytest.fixture(scope="module")
def shown() -> Iterator[KeptPage]:
    """The page over some thousand minutes of one symbol and the hours of another."""
    with kept_page(series=f"{MINUTES},{HOURS}", last=KEPT) as page:
        yield page


def chart(page: Page, at: int = 0) -> Locator:
    """One of the charts."""
    return page.locator("[data-part=chart]").nth(at)


def drag(page: Page, by: int) -> None:
    """Pull the chart sideways with the mouse."""
    box = chart(page).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2 - by / 2, box["y"] + box["height"] * 0.3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=6)
    page.mouse.up()


def first_open(page: Page) -> int:
    """The open time of the oldest candle that is loaded."""
    chart(page).focus()
    page.keyboard.press("Home")
    return int(legend(page)["open_time"])


def test_scroll_to_the_beginning(page: Page, shown: KeptPage) -> None:
    """Pulled to the right, older candles come until the first one that is kept, each exact."""
    candles = shown.candles(MINUTES, last=KEPT)
    oldest, *_, newest = candles.frame["open_time"].dt.epoch("ms").to_list()
    for _ in range(60):
        if first_open(page) == oldest:
            break
        drag(page, 700)
        page.wait_for_timeout(50)
    assert_legend_shows(page, candles, 0)
    page.keyboard.press("ArrowRight")
    assert_legend_shows(page, candles, 1)
    page.click("[data-part=latest]")
    expect(field(page, "open_time")).to_have_attribute("value", str(newest))


def test_zoomed_out(page: Page, shown: KeptPage) -> None:
    """Zoomed far out, sums of the minutes are shown, exact; zoomed in, the minutes again."""
    box = chart(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    interval = page.locator("[data-part=interval]")
    for _ in range(60):
        if "→" in interval.inner_text():
            break
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(80)
    expect(interval).to_have_text(re.compile("1m → (3m|5m|15m)"))
    larger = interval.inner_text().rpartition(" ")[2]
    chart(page).focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    said = legend(page)
    length = Interval.parse(larger).typical_ms
    start = int(said["open_time"])
    minutes = shown.candles(MINUTES, last=KEPT).frame
    opens = minutes["open_time"].dt.epoch("ms")
    within = minutes.filter((opens >= start) & (opens < start + length))
    assert len(within) == length / 60_000
    assert Decimal(said["volume"]) == sum(within["volume"].to_list(), Decimal(0))
    assert Decimal(said["high"]) == max(within["high"].to_list())
    assert Decimal(said["low"]) == min(within["low"].to_list())
    assert Decimal(said["close"]) == within["close"][-1]
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    for _ in range(60):
        if "→" not in interval.inner_text():
            break
        page.mouse.wheel(0, -400)
        page.wait_for_timeout(80)
    expect(interval).to_have_text("1m")


def test_crosshair_outlives_the_zoom(page: Page) -> None:
    """What keys have gone to stays under the crosshair when a larger interval is shown."""
    chart(page).focus()
    for _ in range(7):
        page.keyboard.press("ArrowLeft")
    minute = int(legend(page)["open_time"])
    interval = page.locator("[data-part=interval]")
    for _ in range(60):
        if "→" in interval.inner_text():
            break
        page.keyboard.press("-")
        page.wait_for_timeout(80)
    length = Interval.parse(interval.inner_text().rpartition(" ")[2]).typical_ms
    expect(field(page, "open_time")).to_have_attribute("value", str(minute - minute % length))


def test_interval_by_key_and_click(page: Page) -> None:
    """Brackets step through the intervals; a click chooses one; what is summed up says so."""
    bar = page.get_by_role("radiogroup", name="Interval")
    expect(bar.get_by_role("radio", name="1m", exact=True)).to_have_attribute(
        "aria-checked", "true"
    )
    chart(page).focus()
    page.keyboard.press("]")
    expect(page.locator("[data-part=interval]")).to_have_text("5m")
    bar.get_by_role("radio", name="1h", exact=True).click()
    expect(page.locator("[data-part=interval]")).to_have_text("1h")
    expect(page).to_have_url(re.compile("series=binance:BTCUSDT:1h"))
    page.keyboard.press("[")
    expect(page.locator("[data-part=interval]")).to_have_text("15m")


def test_address_holds_the_view(page: Page, shown: KeptPage) -> None:
    """A reload shows the same candles at the same place, deep in the past."""
    drag(page, 700)
    drag(page, 700)
    expect(page).to_have_url(re.compile(r"at=\d+"))
    was = ""
    while was != (was := page.url):  # it follows the view a moment later
        page.wait_for_timeout(1_000)
    box = chart(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 100)
    before = int(legend(page)["open_time"])
    page.reload()
    page.wait_for_selector("[data-ready=true]")
    page.mouse.move(box["x"] + 301, box["y"] + 101)
    after = int(legend(page)["open_time"])
    assert abs(after - before) <= 60_000
    assert after < int(shown.candles(MINUTES, 100).frame["open_time"].dt.epoch("ms")[0])


def test_two_charts(page: Page, shown: KeptPage) -> None:
    """A second chart shows another symbol; the crosshair stands at the same time in both."""
    page.get_by_role("button", name="Add chart").click()
    panels = page.locator("[data-part=panel]")
    expect(panels).to_have_count(2)
    page.keyboard.press("e")
    page.keyboard.type("TH")
    page.get_by_role("option").first.click()
    second = panels.nth(1)
    expect(second.get_by_role("heading")).to_have_text("ETHUSDT")
    expect(second).to_have_attribute("data-drawn", "true")
    expect(page).to_have_url(re.compile("series=binance:BTCUSDT:1m&series=binance:ETHUSDT:"))
    chart(page).focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    times = [
        int(one or 0)
        for one in page.locator("[data-part=legend] [data-field=open_time]").evaluate_all(
            "all => all.map(one => one.getAttribute('value'))"
        )
    ]
    assert times[1] <= times[0] < times[1] + 3_600_000
    hours = shown.candles(HOURS)
    opens = hours.frame["open_time"].dt.epoch("ms").to_list()
    close = second.locator("[data-field=close]").get_attribute("value")
    assert Decimal(close or "0") == hours.frame["close"][opens.index(times[1])]
    second.get_by_role("button", name="Close this chart").click()
    expect(panels).to_have_count(1)


def test_story_of_a_candle(page: Page, shown: KeptPage) -> None:
    """Enter on a candle tells where it came from, when, and what it was before a revision."""
    candles = shown.candles(MINUTES, 20)
    at = len(candles) - 5
    open_ms = int(candles.frame["open_time"].dt.epoch("ms")[at])
    shown.box.revise("BTCUSDT", "1m", open_ms)
    report = shown.keeper.collect(MINUTES, last=20)
    assert report.kept.revised == 1
    page.reload()
    page.wait_for_selector("[data-ready=true]")
    chart(page).focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-part=note]")).to_contain_text("Revised once at the exchange")
    page.keyboard.press("Enter")
    story = page.get_by_role("dialog")
    expect(story).to_contain_text("From the exchange, over REST, collected")
    now = shown.candles(MINUTES, 20).frame.row(at, named=True)
    before = candles.frame.row(at, named=True)
    for name in ("close", "volume", "trades"):
        values = story.locator(f"[data-field={name}]").all_inner_texts()
        numbers = [Decimal(text.replace(",", "")) for text in values]
        assert numbers == [now[name], before[name]]
    page.keyboard.press("Escape")
    expect(story).to_have_count(0)


def test_unknown_series_in_the_address(shown: KeptPage, window: Window) -> None:
    """An address with a series that is not kept says so in words."""
    page = window.page
    page.goto(f"{shown.url}/?series=binance:NOSUCHUSDT:1h")
    expect(page.locator("[data-part=state-text]")).to_contain_text("NOSUCHUSDT")
