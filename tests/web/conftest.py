"""Chromium for tests, and a served page with the values that it must show.

A test that takes `shown` gets an address and the truth behind it; add a `params` entry to run the
same tests against another server. `BROWSER=0` leaves all browser tests out.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from chandlery.web.assets import built_page
from tests.web.kept import KeptPage, kept_page

_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With BROWSER=0, leave the browser tests out, and let pytest say how many."""
    if os.environ.get("BROWSER") != "0":
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser to drive; a machine without one fails, it does not pretend."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), "")
    if not found:
        pytest.fail("No Chromium found: install it, set CHROMIUM, or run with BROWSER=0", False)  # noqa: FBT003
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for the whole run."""
    if built_page() is None:
        pytest.fail("The page is not built: run `make setup`, or run with BROWSER=0", False)  # noqa: FBT003
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shown() -> Iterator[KeptPage]:
    """The page over what is kept of an exchange whose clock stands still."""
    with kept_page() as page:
        yield page


@dataclass
class Visit:
    """A page with a notebook of what it must not do."""

    page: Page
    own: str
    complaints: list[str]
    foreign: list[str]

    def hear(self, message: ConsoleMessage) -> None:
        """Note warnings and errors of the console."""
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def seen(self, url: str) -> None:
        """Note requests that leave for another host."""
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self.own:
            self.foreign.append(url)


def visit(context: BrowserContext, url: str) -> Visit:
    """Open the page in `context` and wait until its candles are there."""
    one = Visit(context.new_page(), urlsplit(url).netloc, [], [])
    one.page.on("console", one.hear)
    one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
    one.page.on("request", lambda request: one.seen(request.url))
    one.page.goto(url)
    one.page.wait_for_selector("[data-ready=true]")
    return one


@pytest.fixture
def page(browser: Browser, shown: KeptPage) -> Iterator[Page]:
    """The page, wide and dark; afterwards: no complaint, and no request to another host."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    visited = visit(context, shown.url)
    yield visited.page
    context.close()
    assert visited.complaints == []
    assert visited.foreign == []
