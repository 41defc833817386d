"""The page of the market in a real browser: what is on the screen is what is in the store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from chandlery.clock import FrozenClock, ms_to_datetime
from chandlery.collect.keeper import Keeper
from chandlery.market import MarketCap, MarketCapSnapshot, SymbolInfo
from chandlery.settings import read_settings
from chandlery.web import Server, create_app
from tests.marketcaps.invented import DAY_MS, keep
from tests.web.conftest import Visit, Window

pytestmark = pytest.mark.browser

NOW = 1_763_000_000_000
HOUR_MS = 3_600_000
TIMES = [
    *range(NOW - 60 * DAY_MS, NOW - DAY_MS, 12 * HOUR_MS),
    *range(NOW - DAY_MS, NOW, HOUR_MS),
    NOW - 60_000,
]
TICKERS = ("BTC", "ETH", "XRP", "BNB", "SOL", "TRX", "DOGE", "ADA", "LINK")


@dataclass(frozen=True)
class Shop:
    """A served page, and the keeper behind it."""

    url: str
    keeper: Keeper

    def kept(self, at_ms: int | None = None) -> MarketCapSnapshot:
        """What the store has of that moment."""
        found = self.keeper.store.market_caps.at(at_ms)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two months of market caps on a page."""
    settings = read_settings(home=tmp_path_factory.mktemp("shop"), series="binance:BTCUSDT:1h")
    with Keeper(settings, clock=FrozenClock(NOW)) as keeper:
        keep(keeper.store, TIMES, 100)
        symbols = [SymbolInfo(f"{one}USDT", one, "USDT", "TRADING", 2) for one in TICKERS]
        keeper.store.symbols.keep("binance", symbols)
        with Server(create_app(keeper, label="SANDBOX"), port=0) as server:
            yield Shop(server.url, keeper)


def opened(window: Window, shop: Shop, query: str = "") -> Visit:
    """The page, loaded, with its history."""
    # A ring that still grows is not under the pointer that rests where it will be.
    visited = window.visit(f"{shop.url}/market{query}", scheme="light", motion="reduce")
    visited.page.wait_for_selector("[data-drawn=true]")
    visited.page.wait_for_selector("#at:enabled")
    return visited


@pytest.fixture
def page(shop: Shop, window: Window) -> Iterator[Page]:
    """The page as it opens; afterwards: no complaint, and no request to another host."""
    visited = opened(window, shop)
    yield visited.page
    assert visited.complaints == []
    assert visited.foreign == []


def rows(page: Page) -> Locator:
    """The rows of the table."""
    return page.locator("#coins tr[data-coin]")


def values(page: Page, name: str) -> list[str]:
    """The exact values of one column."""
    found: list[str] = (
        rows(page)
        .locator(f"[data-part={name}]")
        .evaluate_all("all => all.map(one => one.getAttribute('value'))")
    )
    return found


def caps(coins: tuple[MarketCap, ...]) -> list[str]:
    """Market caps as they are sent."""
    return [f"{coin.market_cap:f}" for coin in coins]


def test_table_is_the_store(page: Page, shop: Shop) -> None:
    """The ten biggest with exact prices, caps and shares, a sparkline each, and their source."""
    coins = shop.kept().coins[:10]
    expect(rows(page).locator("[data-part=name]")).to_have_text([coin.name for coin in coins])
    assert values(page, "cap") == caps(coins)
    assert values(page, "price") == [f"{coin.price:f}" for coin in coins]
    assert values(page, "change") == [f"{coin.change_24h_percent:f}" for coin in coins]
    assert abs(sum(map(Decimal, values(page, "share")), Decimal(0)) - 100) < Decimal("0.1")
    expect(rows(page).get_by_role("img", name=re.compile("Seven days"))).to_have_count(10)
    expect(page.get_by_role("link", name="Data provided by CoinGecko")).to_be_in_viewport()
    expect(page.locator("#standing-text")).to_have_text(re.compile("^Live .* 1 minute ago$"))


def test_pointing_names_the_slice(page: Page, shop: Shop) -> None:
    """A row that is pointed at stands in the middle of the ring, with the share of the table."""
    second = rows(page).nth(1)
    second.hover()
    expect(page.locator("#middle-name")).to_have_text(shop.kept().coins[1].name)
    expect(page.locator("#middle-share")).to_have_text(
        second.locator("[data-part=share]").inner_text()
    )
    ring = page.locator("#ring").bounding_box()
    assert ring is not None
    radius = 0.78 * min(ring["width"], ring["height"]) / 2
    # The biggest begins at the top and goes to the right.
    page.mouse.move(ring["x"] + ring["width"] / 2 + radius, ring["y"] + ring["height"] / 2)
    expect(page.locator("#middle-name")).to_have_text(shop.kept().coins[0].name)
    expect(rows(page).nth(0)).to_have_class(re.compile("pointed"))


def test_slices_by_keyboard(page: Page, shop: Shop) -> None:
    """Arrow keys take slices away and bring more; the address remembers; 2 and 50 are the ends."""
    slider = page.get_by_role("slider", name="Slices")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(rows(page)).to_have_count(11)
    expect(page).to_have_url(re.compile(r"\?top=11$"))
    page.keyboard.press("End")
    expect(rows(page)).to_have_count(50)
    assert values(page, "cap") == caps(shop.kept().coins[:50])
    page.keyboard.press("Home")
    expect(rows(page)).to_have_count(2)
    number = page.get_by_role("spinbutton", name="Slices")
    number.fill("99")
    number.press("Enter")
    expect(number).to_have_value("50")


def test_others_on_request(page: Page, shop: Shop) -> None:
    """Others are a slice and a row of their own, say how many they are, and change the shares."""
    page.get_by_role("checkbox", name="Others").check()
    expect(rows(page)).to_have_count(11)
    last = rows(page).last
    expect(last).to_contain_text("90 more that are kept")
    coins = shop.kept().coins
    rest = sum((coin.market_cap or Decimal(0) for coin in coins[10:]), Decimal(0))
    assert values(page, "cap")[-1] == f"{rest:f}"
    whole = sum((coin.market_cap or Decimal(0) for coin in coins), Decimal(0))
    share = 100 * (coins[0].market_cap or Decimal(0)) / whole
    assert abs(Decimal(values(page, "share")[0]) - share) < Decimal("0.006")
    expect(page).to_have_url(re.compile(r"\?others=1$"))
    expect(page.locator("#past-note")).to_contain_text("100 coins kept")


def test_date_slider(page: Page, shop: Shop) -> None:
    """The slider goes back to a kept snapshot, all of the page follows, and Live comes back."""
    slider = page.get_by_role("slider", name="Date")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#standing-text")).to_contain_text("As it was on")
    first = shop.kept(TIMES[0])
    expect(rows(page).locator("[data-part=name]")).to_have_text(
        [coin.name for coin in first.coins[:10]]
    )
    assert values(page, "cap") == caps(first.coins[:10])
    expect(page).to_have_url(re.compile(r"\?at=2025-09-14T"))
    expect(slider).to_have_attribute("aria-valuetext", re.compile("Sep 14, 2025"))
    page.get_by_role("button", name="Live").click()
    expect(page.locator("#standing-text")).to_contain_text("Live")
    assert values(page, "cap") == caps(shop.kept().coins[:10])


def test_address_brings_it_back(shop: Shop, window: Window) -> None:
    """A shared address opens the same moment, the same slices and the same reach."""
    at = TIMES[40]
    visited = opened(window, shop, f"?top=5&others=1&at={iso(at)}&range=1m")
    page = visited.page
    expect(rows(page)).to_have_count(6)
    assert values(page, "cap")[:5] == caps(shop.kept(at).coins[:5])
    expect(page.get_by_role("radio", name="30 days")).to_be_checked()
    assert visited.complaints == []


def iso(ms: int) -> str:
    """ISO 8601, as the address has it."""
    return ms_to_datetime(ms).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_a_row_leads_to_its_chart(page: Page, shop: Shop) -> None:
    """By keyboard, a coin with a pair opens that chart; one without has no link."""
    names = [coin.id for coin in shop.kept().coins[:10]]
    link = rows(page).nth(names.index("ethereum")).get_by_role("link")
    expect(link).to_have_attribute("href", "/?series=binance:ETHUSDT:1h")
    expect(rows(page).nth(names.index("tether")).get_by_role("link")).to_have_count(0)
    rows(page).nth(names.index("bitcoin")).get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?series=binance:BTCUSDT:1h"))


def test_dominance_as_a_table(page: Page, shop: Shop) -> None:
    """Behind the area stands a table; its newest line has the shares of the table of coins."""
    page.get_by_text("The same as a table").click()
    newest = page.locator("#past-rows tr").first
    expect(newest.locator("td")).to_have_count(10)
    assert (
        newest.locator("td").all_inner_texts()
        == rows(page).locator("[data-part=share]").all_inner_texts()
    )
    name = page.locator("#area").get_attribute("aria-label") or ""
    assert shop.kept().coins[0].name in name


def test_area_leads_to_a_moment(page: Page) -> None:
    """Pointing into the area reads all shares; a click takes the page there."""
    page.locator("#area").scroll_into_view_if_needed()
    box = page.locator("#area").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#readout-lines li")).to_have_count(10)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#standing-text")).to_contain_text("As it was on")
    when = page.locator("#when").inner_text()
    assert page.locator("#readout-when").inner_text() == when


def test_in_and_out(page: Page, shop: Shop) -> None:
    """Each change tells who came and went as the store has it, and leads to its moment."""
    changes, _ = shop.keeper.market.changes(10, None, None, 50)
    items = page.locator("#moves-list li")
    expect(items).to_have_count(len(changes))
    newest = changes[0]
    expect(items.first).to_contain_text(f"{newest.entered[0].name} ({newest.entered[0].rank})")
    expect(items.first).to_contain_text(f"{newest.left[0].name} ({newest.left[0].rank})")
    items.first.get_by_role("button").click()
    expect(page.locator("#standing-text")).to_contain_text("As it was on")
    assert values(page, "cap") == caps(shop.kept(newest.taken_ms).coins[:10])


def test_pictures(shop: Shop, window: Window, tmp_path: Path) -> None:
    """On a phone, a tablet and a very large screen nothing sticks out, and all is drawn."""
    visited = opened(window, shop, "?top=20&others=1")
    page = visited.page
    for width in (360, 900, 3840):
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator("#ring canvas")).to_be_visible()
        expect(page.locator("#area canvas")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.screenshot(path=tmp_path / f"market-{width}.png", full_page=True)
    assert visited.complaints == []


def test_before_the_first(window: Window, tmp_path: Path) -> None:
    """Without any market cap the page says so, and when they will be there."""
    with (
        Keeper(read_settings(home=tmp_path), clock=FrozenClock(NOW)) as keeper,
        Server(create_app(keeper), port=0) as server,
    ):
        visited = window.visit(f"{server.url}/market")
        expect(
            visited.page.get_by_role("heading", name="No market caps here").first
        ).to_be_visible()
        expect(visited.page.locator("#standing-text")).to_contain_text("No market caps")
    assert visited.complaints == []
