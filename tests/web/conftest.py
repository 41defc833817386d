"""Chromium for tests, and a served page with the values that it must show.

A test that takes `shown` gets an address and the truth behind it; add a `params` entry to run the
same tests against another server. `BROWSER=0` leaves all browser tests out.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from chandlery.web.assets import built_page
from tests.web.kept import KeptPage, kept_page

Scheme = Literal["light", "dark"]
Motion = Literal["reduce", "no-preference"]
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
    expect.set_options(timeout=20_000)  # Five seconds are few where tests run side by side.
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
    own: str = ""
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen to the page."""
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.seen(request.url))

    def hear(self, message: ConsoleMessage) -> None:
        """Note warnings and errors of the console."""
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def seen(self, url: str) -> None:
        """Note requests that leave for another host."""
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self.own:
            self.foreign.append(url)

    def go(self, url: str) -> None:
        """Open `url` and wait until what it shows is there."""
        self.own = urlsplit(url).netloc
        self.page.goto(url)
        self.page.wait_for_selector("[data-ready=true]")


def visit(context: BrowserContext, url: str) -> Visit:
    """Open the page in a tab of its own."""
    one = Visit(context.new_page())
    one.go(url)
    return one


class Window:
    """One tab for all tests of a file: to open another one takes twice as long as to load a page.

    Whoever comes finds the page as for the first time: nothing is remembered, pointed at or noted.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.page = context.new_page()
        self._visited = Visit(self.page)

    def visit(
        self,
        url: str,
        size: tuple[int, int] = (1440, 900),
        scheme: Scheme = "dark",
        motion: Motion = "no-preference",
    ) -> Visit:
        """The page in a window of that size, once what it shows is there."""
        visited, page = self._visited, self.page
        page.mouse.move(0, 0)
        if visited.own:
            page.evaluate("localStorage.clear()")
            page.context.clear_cookies(name="theme")
        # What is there goes on asking a server that may have ended, until it is left.
        page.goto("about:blank")
        visited.complaints.clear()
        visited.foreign.clear()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme, reduced_motion=motion)
        visited.go(url)
        return visited

    @contextmanager
    def visiting(self, url: str) -> Iterator[Page]:
        """The page, wide and dark; afterwards: no complaint, and no request to another host."""
        visited = self.visit(url)
        yield visited.page
        assert visited.complaints == []
        assert visited.foreign == []


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Window]:
    """The tab of this file."""
    with browser.new_context() as context:
        yield Window(context)


@pytest.fixture
def page(shown: KeptPage, window: Window) -> Iterator[Page]:
    """The page as it opens; afterwards: no complaint, and no request to another host."""
    with window.visiting(shown.url) as page:
        yield page
