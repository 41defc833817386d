"""The page while the exchange moves: live, polling, unreachable, and back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.waiting import eventually
from tests.web.kept import KeptPage, kept_page
from tests.web.on_charts import hover, two_frames
from tests.web.reading import assert_legend_shows, field, index_of, legend

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS: Final = "binance:BTCUSDT:1s"
PATIENCE_MS: Final = 20_000


@pytest.fixture(scope="module")
def shown() -> Iterator[KeptPage]:
    """The page over an exchange whose clock runs, with a candle closing every second."""
    with kept_page(series=SECONDS, last=120, speed=1) as page:
        yield page


def state(page: Page, text: str) -> None:
    """Wait until the state line says so."""
    expect(page.locator("[data-part=state-text]")).to_contain_text(text, timeout=PATIENCE_MS)


def moves(page: Page) -> int:
    """How many different last candles the legend shows within four seconds."""
    seen = set()
    for _ in range(40):
        seen.add(legend(page)["open_time"])
        page.wait_for_timeout(100)
    return len(seen)


def test_moves_with_the_exchange(page: Page, shown: KeptPage) -> None:
    """The last candle goes on each second, and each closed one is what the store keeps of it."""
    state(page, "Live")
    assert moves(page) >= 3
    page.locator("[data-part=chart]").focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    expect(field(page, "state")).to_have_text("closed")
    page.wait_for_timeout(1500)
    candles = shown.candles(SECONDS, 300)
    assert_legend_shows(page, candles, index_of(candles, legend(page)["open_time"]))


def test_passes_under_the_pointer(page: Page) -> None:
    """A pointer at rest in the chart: the legend goes on with the candles that come under it."""
    state(page, "Live")
    before = hover(page, 0.3)
    eventually(lambda: int(legend(page)["open_time"]) > before, seconds=7)
    told = int(legend(page)["open_time"])
    box = page.locator("[data-part=chart]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    two_frames(page)
    assert 0 <= int(legend(page)["open_time"]) - told <= 2_000


def test_without_stream(page: Page, shown: KeptPage) -> None:
    """Without the stream the page says that it polls, and still moves; then it is live again."""
    state(page, "Live")
    with shown.box.unreachable("stream"):
        state(page, "Polling")
        before = int(legend(page)["open_time"])
        eventually(lambda: int(legend(page)["open_time"]) > before, seconds=7)
    state(page, "Live")


def test_exchange_unreachable(page: Page, shown: KeptPage) -> None:
    """Without the exchange the page says so and keeps its candles; then it is live again."""
    state(page, "Live")
    with shown.box.unreachable():
        state(page, "Exchange unreachable since")
        assert legend(page)["close"]
    state(page, "Live")
