"""`chandlery demo` in a real browser: what is on the screen is what is in the store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chandlery.collect.keeper import Keeper
from chandlery.settings import read_settings
from tests.waiting import eventually
from tests.web.conftest import Scheme, Window
from tests.web.reading import index_of, legend, number, texts

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BTC = "binance:BTCUSDT:1h"


@dataclass(frozen=True)
class Demo:
    """A running demo: where it serves, and the store behind it."""

    url: str
    keeper: Keeper


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo in a folder of its own, with its candles and market caps there."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {key: text for key, text in os.environ.items() if "CHANDLERY" not in key}
    command = [sys.executable, "-m", "chandlery", "demo", "--port", "0", "--json"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with Keeper(read_settings(home=folder / "chandlery-demo")) as keeper:
            eventually(lambda: keeper.market_caps() is not None)
            yield Demo(url, keeper)
        process.send_signal(signal.SIGINT)


@pytest.fixture
def page(demo: Demo, window: Window) -> Iterator[Page]:
    """The demo's page; afterwards: no complaint, and no request to another host."""
    with window.visiting(demo.url) as page:
        yield page


def test_last_candle_is_the_stored_one(page: Page, demo: Demo) -> None:
    """The crosshair legend shows the last candle as it is kept, though it is still forming."""
    began = time.monotonic()
    while True:
        shown = legend(page)
        candles = demo.keeper.read(BTC, last=500)
        kept = texts(candles).row(-1, named=True)
        if all(shown[name] == kept[name] for name in kept if name in shown):
            break
        # It moves: the stream is ahead of the store but for the moment after a collection.
        assert time.monotonic() - began < 90, (shown, kept)
        page.wait_for_timeout(200)
    assert (shown["state"], len(candles)) == ("forming", 500)
    expect(page.locator("#label")).to_have_text("SANDBOX")


def test_older_candle_is_the_stored_one(page: Page, demo: Demo) -> None:
    """Walking back with the keyboard shows closed candles exactly as they are kept."""
    page.locator("[data-part=chart]").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    shown = legend(page)
    candles = demo.keeper.read(BTC, last=500)
    kept = texts(candles).row(index_of(candles, shown["open_time"]), named=True)
    assert {name: shown[name] for name in kept if name in shown} == {
        name: text for name, text in kept.items() if name in shown
    }
    assert shown["state"] == "closed"


def test_pie_is_the_stored_one(page: Page, demo: Demo) -> None:
    """The pie's coins are those kept, a slice can be switched off, and the source is named."""
    snapshot = demo.keeper.market_caps()
    assert snapshot is not None
    rows = page.locator("#caps-rows tr[data-coin]")
    expect(rows).to_have_count(10)
    expect(rows.locator(".name")).to_have_text([coin.name for coin in snapshot.coins])
    rows.nth(1).get_by_role("button").click()
    left = [number(text) for text in rows.locator(".share").all_inner_texts() if text[0].isdigit()]
    assert len(left) == 9
    assert abs(sum(left, Decimal(0)) - 100) <= Decimal("0.05")
    expect(page.get_by_role("link", name="Data provided by CoinGecko")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_pictures(demo: Demo, window: Window, width: int, scheme: Scheme, tmp_path: Path) -> None:
    """Wide and narrow, light and dark, both charts are drawn and nothing sticks out."""
    page = window.visit(demo.url, (width, 800), scheme).page
    expect(page.locator("#pie canvas")).to_be_visible()
    expect(page.locator("#chart canvas").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=tmp_path / f"{width}-{scheme}.png", full_page=True)
