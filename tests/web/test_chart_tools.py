"""What a person puts on the charts, in a real browser: indicators, axis, zone; and the menus."""

from __future__ import annotations

import re

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import indicator_truth as truth
from tests.web.conftest import visit
from tests.web.kept import KeptPage
from tests.web.on_charts import choose, switch, values
from tests.web.reading import field, index_of, legend

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SEVEN = ("MA", "EMA", "BOLL", "VOL", "MACD", "RSI", "KDJ")
TOKYO_AHEAD_MS = 9 * 3_600_000


def test_indicators(page: Page, shown: KeptPage) -> None:
    """Each indicator switched on in the menu shows what follows from the stored candles."""
    switch(page, *SEVEN)
    frame = shown.first.frame
    closes, highs, lows, volumes = (
        frame[name].cast(pl.Float64).to_list() for name in ("close", "high", "low", "volume")
    )
    wanted = {
        "MA": [truth.average(closes, period) for period in (7, 25, 99)],
        "EMA": [truth.exponential(closes, period)[-1] for period in (12, 26)],
        "BOLL": truth.bands(closes, 20, 2),
        "VOL": [truth.average(volumes, period) for period in (5, 20)],
        "MACD": truth.macd(closes, 12, 26, 9),
        "RSI": [truth.strength(closes, 14)],
        "KDJ": truth.stochastic(list(zip(highs, lows, closes, strict=True)), 9, 3),
    }
    for name, numbers in wanted.items():
        assert values(page, name) == pytest.approx(list(numbers), rel=1e-9, abs=1e-6)
    expect(page).to_have_url(re.compile("ind=MA,EMA,BOLL,VOL,MACD,RSI,KDJ$"))


def test_indicator_at_the_crosshair(page: Page, shown: KeptPage) -> None:
    """An indicator tells of the candle under the crosshair; one switched off is gone."""
    switch(page, "MA")
    page.locator("[data-part=chart]").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    at = index_of(shown.first, legend(page)["open_time"])
    closes = shown.first.frame["close"].cast(pl.Float64).to_list()[: at + 1]
    assert at < len(shown.first) - 10
    assert values(page, "MA") == pytest.approx([truth.average(closes, one) for one in (7, 25, 99)])
    switch(page, "MA")
    expect(page.locator("[data-indicator=MA]")).to_have_count(0)


def test_indicator_parameters(page: Page, shown: KeptPage) -> None:
    """Parameters typed in the menu are taken, refused with words, and there after a reload."""
    switch(page, "MA")
    page.click("#indicators")
    page.get_by_role("button", name="Set up Moving averages").click()
    periods = page.get_by_label("Periods")
    periods.fill("5, many")
    periods.press("Tab")
    expect(page.locator(".menu [role=alert]")).to_contain_text("whole numbers from 1 to 999")
    periods.fill("5, 10")
    periods.press("Tab")
    page.keyboard.press("Escape")
    closes = shown.first.frame["close"].cast(pl.Float64).to_list()
    wanted = [truth.average(closes, period) for period in (5, 10)]
    assert values(page, "MA") == pytest.approx(wanted)
    page.reload()
    page.wait_for_selector("[data-ready=true]")
    assert values(page, "MA") == pytest.approx(wanted)


def test_axis(page: Page) -> None:
    """The price axis is linear, logarithmic or in percent, and says so in menu and address."""
    chart = page.locator("[data-part=chart]")
    pictures = {"": chart.screenshot()}
    for words, name in (("Logarithmic", "log"), ("Percent", "percent")):
        choose(page, "#axis", words)
        page.mouse.move(5, 5)
        expect(page).to_have_url(re.compile(f"axis={name}$"))
        pictures[name] = chart.screenshot()
        page.click("#axis")
        expect(page.get_by_role("menuitemradio", name=words)).to_be_checked()
        page.keyboard.press("Escape")
    assert len(set(pictures.values())) == len(pictures)


def test_zone(page: Page, shown: KeptPage) -> None:
    """A zone found by its city is that of all times on the page, now and the next time."""
    page.click("#zone")
    page.get_by_label("Find a time zone").fill("tokyo")
    page.keyboard.press("Enter")
    there = shown.first.frame["open_time"][-1].timestamp() * 1000 + TOKYO_AHEAD_MS
    wanted = pl.Series([int(there)]).cast(pl.Datetime("ms"))[0].strftime("%b %-d, %Y, %-I:%M")
    assert field(page, "open_time").inner_text().startswith(wanted)
    expect(page.locator("#zone")).to_contain_text("Tokyo")
    expect(page).to_have_url(re.compile("tz=Asia/Tokyo$"))
    page.goto(shown.url)
    page.wait_for_selector("[data-ready=true]")
    assert field(page, "open_time").inner_text().startswith(wanted)


def test_locale(browser: Browser, shown: KeptPage) -> None:
    """Numbers and dates are written as the reader's browser does; the exact values stay beside."""
    with browser.new_context(locale="de-DE") as context:
        page = visit(context, shown.url).page
        close = legend(page)["close"]
        whole, _, fraction = close.partition(".")
        grouped = f"{int(whole):,}".replace(",", ".")
        assert (
            field(page, "close").inner_text() == f"{grouped},{fraction.rstrip('0').ljust(2, '0')}"
        )
        opened = shown.first.frame["open_time"][-1].strftime("%d.%m.%Y, %H:%M")
        assert field(page, "open_time").inner_text() == opened


def test_menus_by_keyboard(page: Page) -> None:
    """Menus open with the arrow key, are walked with it, and give the focus back."""
    for button in ("#indicators", "#draw", "#axis", "#zone", "#export"):
        page.locator(button).focus()
        page.keyboard.press("ArrowDown")
        expect(page.locator(button)).to_have_attribute("aria-expanded", "true")
        before = page.evaluate("document.activeElement.outerHTML")
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.outerHTML") != before
        page.keyboard.press("Escape")
        expect(page.locator(button)).to_be_focused()
        expect(page.locator(button)).to_have_attribute("aria-expanded", "false")
    page.click("#axis")
    page.mouse.click(700, 500)
    expect(page.locator(".menu")).to_have_count(0)
