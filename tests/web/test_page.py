"""The page in a real browser, compared with what is kept."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from chandlery.web import Server, create_app
from tests.services import free_port
from tests.waiting import eventually
from tests.web.conftest import Scheme, Window
from tests.web.kept import MINUTES, KeptPage, kept_page, sandbox_keeper
from tests.web.on_charts import hover, two_frames
from tests.web.reading import assert_legend_shows, field, index_of, legend, number, poll_now

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTHING = "\N{EN DASH}"
ACCENT_PIXELS = """() => {
  const found = [...document.querySelectorAll('[data-part=chart] canvas')].map((canvas) => {
    const { width, height } = canvas
    if (!width || !height) return 0
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height)
    let count = 0
    for (let at = 0; at < data.length; at += 4)
      if (data[at] === 240 && data[at + 1] === 168 && data[at + 2] === 64) count += 1
    return count
  })
  return Math.max(...found)
}"""


CLICK_AND_BE_BUSY = """name => {
  document.querySelector(`[data-part=${name}]`).click()
  const until = performance.now() + 400
  while (performance.now() < until);
}"""


def fits(page: Page) -> bool:
    """Whether the first candle of all stands at the left edge, or nearly so."""
    first = hover(page, 0.001)
    page.locator("[data-part=chart]").focus()
    page.keyboard.press("Home")
    return first - int(legend(page)["open_time"]) < 20 * 3_600_000


def test_last_candle(page: Page, shown: KeptPage) -> None:
    """Untouched, the legend shows the last candle, every value to the last digit."""
    assert_legend_shows(page, shown.first, len(shown.first) - 1)


def test_heading(page: Page, shown: KeptPage) -> None:
    """Symbol, interval, last price, badge and the UTC time of the last update are in sight."""
    series = shown.first.series
    expect(page.locator("h1")).to_have_text(series.symbol)
    expect(page.locator("[data-part=interval]")).to_have_text(series.interval.text)
    assert number(page.inner_text("[data-part=last-price]")) == shown.first.frame["close"][-1]
    expect(page.locator("[data-part=state-text]")).to_contain_text("UTC")
    if shown.label:
        expect(page.locator("#label")).to_have_text(shown.label)


def test_older_candle(page: Page, shown: KeptPage) -> None:
    """The crosshair shows the candle under it; leaving the chart brings the last one back."""
    at = index_of(shown.first, str(hover(page, 0.4)))
    assert at < len(shown.first) - 10
    assert_legend_shows(page, shown.first, at)
    page.mouse.move(5, 5)
    assert_legend_shows(page, shown.first, len(shown.first) - 1)


def test_keyboard(page: Page, shown: KeptPage) -> None:
    """Arrow keys walk through the candles, Home goes to the first, Escape lets go."""
    page.locator("[data-part=chart]").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert_legend_shows(page, shown.first, len(shown.first) - 2)
    page.keyboard.press("Home")
    assert_legend_shows(page, shown.first, 0)
    page.keyboard.press("Escape")
    assert_legend_shows(page, shown.first, len(shown.first) - 1)


def test_forming_candle(page: Page) -> None:
    """The forming candle says so in the legend, and carries a tag in the chart."""
    expect(field(page, "state")).to_have_text("forming")
    eventually(lambda: page.evaluate(ACCENT_PIXELS) > 100)


def test_pan_and_zoom(page: Page) -> None:
    """Dragging moves through time, the buttons zoom, and the latest candle is one click away."""
    before = hover(page, 0.5)
    page.mouse.down()
    hover(page, 0.8)
    page.mouse.up()
    panned = hover(page, 0.5)
    assert panned < before
    page.click("[data-part=latest]")
    eventually(lambda: hover(page, 0.5) == before)
    page.click("[data-part=zoom-out]")
    eventually(lambda: hover(page, 0.1) < before)
    page.click("[data-part=fit]")
    eventually(lambda: fits(page))


def test_candles_pass_under_the_pointer(page: Page) -> None:
    """The legend is that of the candle under the crosshair, also when a pointer at rest stays."""
    before = hover(page, 0.5)
    page.mouse.down()
    hover(page, 0.8)
    page.mouse.up()
    assert hover(page, 0.5) < before
    page.focus("[data-part=latest]")
    page.keyboard.press("Enter")
    expect(field(page, "open_time")).to_have_attribute("value", str(before))


def test_keys_hold_their_candle(page: Page) -> None:
    """A candle that was gone to with the arrow keys stays in the legend while the view moves."""
    page.locator("[data-part=chart]").focus()
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
    before = legend(page)["open_time"]
    page.click("[data-part=zoom-out]")
    page.click("[data-part=zoom-out]")
    two_frames(page)
    assert legend(page)["open_time"] == before


def test_on_a_slow_machine(page: Page) -> None:
    """The buttons do all that they do, though no frame can be drawn for a while."""
    newest = hover(page, 0.1)
    page.mouse.down()
    hover(page, 0.5)
    page.mouse.up()
    hover(page, 0.1)
    page.evaluate(CLICK_AND_BE_BUSY, "latest")
    page.wait_for_timeout(300)
    assert hover(page, 0.1) == newest


def test_market_caps(page: Page, shown: KeptPage) -> None:
    """The table holds name, value and share of every coin, with CoinGecko's attribution."""
    rows = page.locator("#caps-rows tr[data-coin]")
    expect(rows).to_have_count(min(10, len(shown.caps.coins)))
    total = sum((coin.market_cap or Decimal(0) for coin in shown.caps.coins), Decimal(0))
    for index, coin in enumerate(shown.caps.coins[:10]):
        row = rows.nth(index)
        expect(row.locator(".name")).to_have_text(coin.name)
        assert coin.market_cap is not None
        assert row.locator(".value").get_attribute("value") == f"{coin.market_cap:f}"
        share = number(row.locator(".share").inner_text())
        assert abs(share - coin.market_cap * 100 / total) <= Decimal("0.005")
    link = page.get_by_role("link", name="Data provided by CoinGecko")
    expect(link).to_have_attribute("href", "https://www.coingecko.com")
    expect(page.locator("#caps-age")).to_contain_text("Updated")


def test_toggle_slice(page: Page) -> None:
    """A slice switched off leaves the ring; the shares are of what is left, and that is said."""
    rows = page.locator("#caps-rows tr[data-coin]")
    button = rows.first.get_by_role("button")
    before = page.locator("#pie canvas").screenshot()
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(rows.first.locator(".share")).to_have_text(NOTHING)
    expect(page.locator("#caps-note")).to_have_text("Share of the nine shown")
    left = [number(text) for text in rows.locator(".share").all_inner_texts()[1:]]
    assert abs(sum(left, Decimal(0)) - 100) <= Decimal("0.05")
    eventually(lambda: page.locator("#pie canvas").screenshot() != before)
    button.click()
    expect(page.locator("#caps-note")).to_have_text("Share of these ten together")


def test_point_at_slice(page: Page, shown: KeptPage) -> None:
    """A slice under the pointer is named in the middle of the ring, with its share."""
    expect(page.locator("#centre-name")).to_have_text("ten together")
    box = page.locator("#pie").bounding_box()
    assert box is not None
    radius = min(box["width"], box["height"]) / 2 * 0.78

    def named(coin: str) -> bool:
        # Again and again: a pointer that rests learns nothing of a ring that still grows.
        for radii in (0.98, 1):
            page.mouse.move(
                box["x"] + box["width"] / 2 + radius * radii, box["y"] + box["height"] / 2
            )
        return page.locator("#centre-name").inner_text() == coin

    eventually(lambda: named(shown.caps.coins[0].name))
    expect(page.locator("#centre-share")).to_contain_text("%")


def test_series_in_the_address(shown: KeptPage, window: Window) -> None:
    """An address with a series opens it, with the decimals of its own prices."""
    other = shown.candles(MINUTES)
    page = window.visit(f"{shown.url}/?series={MINUTES}").page
    expect(page.locator("h1")).to_have_text(other.series.symbol)
    assert_legend_shows(page, other, len(other) - 1)


@pytest.mark.parametrize("width", [360, 768, 1440, 2560])
def test_widths(shown: KeptPage, window: Window, width: int) -> None:
    """From a phone to a big screen: nothing scrolls sideways, and every value is whole."""
    page = window.visit(shown.url, (width, 800), "light").page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.locator("[data-part=legend] [data-field]").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().right > innerWidth"
        " || one.scrollWidth > one.parentElement.clientWidth + 1).map(one => one.dataset.field)"
    )
    assert cut == []


def test_light_and_dark(shown: KeptPage, window: Window) -> None:
    """The system's choice is followed; a choice made here is remembered."""
    grounds = []
    schemes: tuple[Scheme, Scheme] = ("light", "dark")
    for scheme in schemes:
        page = window.visit(shown.url, scheme=scheme).page
        ground = "getComputedStyle(document.documentElement).backgroundColor"
        grounds.append(page.evaluate(ground))
        page.click("#theme")
        toggled = page.evaluate(ground)
        page.reload()
        assert page.evaluate(ground) == toggled
        grounds.append(toggled)
    assert grounds[0] == grounds[3]
    assert grounds[1] == grounds[2]
    assert grounds[0] != grounds[1]


def test_new_candles_arrive(window: Window) -> None:
    """A candle that closes and the next one that opens appear without a reload."""
    with kept_page(series=MINUTES, last=50) as kept:
        visited = window.visit(kept.url)
        before = legend(visited.page)["open_time"]
        kept.box.clock.advance(2700)
        assert kept.keeper.collect(MINUTES, last=50).ok
        last = str(int(before) + 2_700_000)
        expect(field(visited.page, "open_time")).to_have_attribute("value", last)
        candles = kept.candles(MINUTES)
        assert_legend_shows(visited.page, candles, len(candles) - 1)
        assert visited.complaints == []


def test_exchange_away(window: Window) -> None:
    """The page says that the exchange is away, goes on showing what is stored, and heals."""
    with kept_page(last=20) as kept:
        page = window.visit(kept.url).page
        state = page.locator("[data-part=state-text]")
        with kept.box.unreachable():
            assert not kept.keeper.collect(kept.series[0]).ok
            expect(state).to_contain_text("Exchange unreachable since", timeout=15_000)
            expect(state).to_contain_text("showing stored candles")
            assert_legend_shows(page, kept.first, len(kept.first) - 1)
        assert kept.keeper.collect(kept.series[0]).ok
        poll_now(page)
        expect(state).to_contain_text("Updated", timeout=15_000)


def test_server_comes_back(window: Window) -> None:
    """When the server goes, the page says so and keeps its candles; it heals by itself."""
    with sandbox_keeper(last=20) as (keeper, _):
        port = free_port()
        with Server(create_app(keeper), port=port) as server:
            page = window.visit(server.url).page
        poll_now(page)
        state = page.locator("[data-part=state-text]")
        expect(state).to_contain_text("No answer from Chandlery since", timeout=15_000)
        kept = keeper.read(keeper.wanted_series()[0], last=500)
        assert_legend_shows(page, kept, len(kept) - 1)
        with Server(create_app(keeper), port=port):
            poll_now(page)
            expect(state).to_contain_text("Updated", timeout=15_000)


def test_empty_store(window: Window) -> None:
    """Before the first candle and the first market cap there are words, not an empty box."""
    with sandbox_keeper(last=0) as (keeper, box):
        box.faults.next("5xx", times=1000)
        with Server(create_app(keeper), port=0) as server:
            visited = window.visit(server.url)
            page = visited.page
            expect(page.get_by_role("heading", name="No candles yet")).to_be_visible()
            expect(page.get_by_role("heading", name="No market caps yet")).to_be_visible()
            assert visited.complaints == []
