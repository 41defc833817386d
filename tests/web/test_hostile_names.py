"""The page over symbols and coins whose names are markup: all of it is text."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from chandlery.web import Server, create_app
from tests.torture.hostile import hostile_keeper

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SERIES = "binance:<IMG:1h"


def test_nothing_is_carried_out(browser: Browser) -> None:
    """Neither an element nor a script comes of a name, on any page; a coin's is shown as it is."""
    places = {
        f"/?series={quote(SERIES)}": "[data-ready=true]",
        "/coverage": "h1",
        "/jobs": "h1",
        "/market": "table tbody tr",
    }
    with hostile_keeper(SERIES) as keeper, browser.new_context() as context:
        assert keeper.refresh_market_caps() is None
        assert keeper.collect(SERIES, last=10).ok
        with Server(create_app(keeper), port=0) as server:
            page = context.new_page()
            for path, ready in places.items():
                page.goto(server.url + path)
                page.wait_for_selector(ready)
                assert "owned" not in page.title()
                assert page.locator("[onerror], img[src=x]").count() == 0
            # Rows come before their names.
            expect(page.locator("body")).to_contain_text("<img src=x", use_inner_text=True)
