"""A Chromium that looks at the page, and what it saw: frames, bytes, candles."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from bench.processes import Failed

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-precise-memory-info",
]
GIVEN: Final = "chart given"
MARK: Final = f"""
new MutationObserver((_, watch) => {{
  if (!document.querySelector('[data-drawn=true]')) return
  watch.disconnect()
  performance.mark('{GIVEN}')
}}).observe(document, {{ subtree: true, attributes: true, attributeFilter: ['data-drawn'] }})
"""
"""What notes in a page when its chart has its candles, a frame before it shows them."""
_FRAMES: Final = """() => {
  window.frames_ = []
  let before = performance.now()
  const step = (now) => {
    window.frames_.push(now - before)
    before = now
    requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
}"""
_SEEN: Final = """() => {
  window.seen_ = []
  const legend = document.querySelector('[data-part=legend]')
  const value = (name) => legend.querySelector(`[data-field=${name}]`).getAttribute('value')
  const note = () => window.seen_.push([Date.now(), Number(value('open_time')), value('state')])
  new MutationObserver(note).observe(legend, { subtree: true, attributes: true })
}"""


def chromium_path() -> str:
    """Where the machine's Chromium is. Raises `Failed`."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        msg = "there is no Chromium; install it, or set CHROMIUM"
        raise Failed(msg)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Page]:
    """The page in a window of its own, once its first chart is there."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(MARK)
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("[data-drawn=true]")
    yield page
    context.close()


def given_ms(page: Page) -> float:
    """From the navigation until the chart had its candles."""
    return float(page.evaluate(f"performance.getEntriesByName('{GIVEN}')[0].startTime"))


def script_bytes(page: Page, until_ms: float = 1e9) -> int:
    """The bytes over the wire of all scripts that were asked for before, since the navigation."""
    found: list[list[Any]] = page.evaluate(
        "performance.getEntriesByType('resource').filter(one => one.name.endsWith('.js'))"
        ".map(one => [one.startTime, one.encodedBodySize])"
    )
    return sum(int(size) for began, size in found if began <= until_ms)


def heap_bytes(page: Page) -> int:
    """What the page's scripts hold, after a collection of garbage."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return int(page.evaluate("performance.memory.usedJSHeapSize"))


def frames(page: Page, seconds: float) -> list[float]:
    """Milliseconds from frame to frame while the chart is pulled and zoomed to and fro."""
    box = page.locator("[data-part=chart]").bounding_box()
    if box is None:
        msg = "the page shows no chart"
        raise Failed(msg)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    page.evaluate(_FRAMES)
    for round_ in range(max(1, round(seconds / 2))):
        page.mouse.move(x - 300, y)
        page.mouse.down()
        page.mouse.move(x + 300, y, steps=40)
        page.mouse.up()
        for _ in range(30):
            page.mouse.wheel(0, 60 if round_ % 2 else -60)
            page.wait_for_timeout(15)
    # The first few are those of the start.
    return [float(one) for one in page.evaluate("window.frames_")][5:]


def watch_candles(page: Page) -> None:
    """Note from now on when the legend shows which candle, and in what state."""
    page.evaluate(_SEEN)


def settled_ms(page: Page) -> dict[int, float]:
    """By open time: when a candle was first seen closed, or already followed by another one."""
    found: dict[int, float] = {}
    before: int | None = None
    for at, open_ms, state in page.evaluate("window.seen_"):
        if before is not None and open_ms > before:
            found.setdefault(before, at)
        if state == "closed":
            found.setdefault(open_ms, at)
        before = open_ms
    return found
