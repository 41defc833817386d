"""Using the tools of the charts as a person does, and reading what they show."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.web.reading import legend

COUNT_INK = """() => {
  const probe = document.createElement('span')
  probe.style.color = 'var(--slice-1)'
  document.body.append(probe)
  const ink = getComputedStyle(probe).color.match(/\\d+/g).map(Number)
  probe.remove()
  return [...document.querySelectorAll('[data-part=chart] canvas')].reduce((sum, canvas) => {
    if (!canvas.width || !canvas.height) return sum
    const copy = new OffscreenCanvas(canvas.width, canvas.height)
    const context = copy.getContext('2d', { willReadFrequently: true })
    context.drawImage(canvas, 0, 0)
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    for (let at = 0; at < data.length; at += 4)
      if (data[at] === ink[0] && data[at + 1] === ink[1] && data[at + 2] === ink[2]) sum += 1
    return sum
  }, 0)
}"""


TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def two_frames(page: Page) -> None:
    """Wait until two have been drawn: the chart calculates in one, the page writes in the next."""
    page.evaluate(TWO_FRAMES)


def hover(page: Page, along: float) -> int:
    """Point at the chart, `along` from left to right, and give the open time that is shown."""
    box = page.locator("[data-part=chart]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * along, box["y"] + box["height"] * 0.4)
    two_frames(page)
    return int(legend(page)["open_time"])


def values(page: Page, name: str) -> list[float]:
    """The values of one indicator as the page tells them, as exactly as it has them."""
    two_frames(page)
    found = page.locator(f"[data-part=indicator-values] [data-indicator={name}] data")
    return [float(text) for text in found.evaluate_all("all => all.map(one => one.value)")]


def switch(page: Page, *names: str) -> None:
    """Switch indicators on or off in the menu, and leave it."""
    page.click("#indicators")
    for name in names:
        page.locator(f'.menu .entry:has(.entry-hint:text-matches("^{name} "))').click()
    page.keyboard.press("Escape")


def choose(page: Page, button: str, words: str) -> None:
    """Open a menu of the toolbar and take one line of it."""
    page.click(button)
    page.locator(".menu .entry").filter(has_text=words).first.click()


def drawn(page: Page) -> list[str]:
    """The lines of the drawing menu below the heading of what is drawn."""
    page.click("#draw")
    page.wait_for_selector(".menu .entry")
    lines = page.locator(".menu > *").all_inner_texts()
    page.keyboard.press("Escape")
    heading = [at for at, line in enumerate(lines) if line.startswith("Drawn on")]
    return lines[heading[0] + 1 : -1] if heading else []


def draw_line(page: Page) -> None:
    """Draw a trend line with the mouse, through the prices of the newest candles.

    However the market went, it is in sight where fewer of them are shown, too.
    """
    choose(page, "#draw", "Trend line")
    box = page.locator("[data-part=chart]").bounding_box()
    assert box is not None
    for along, down, pause in ((0.6, 0.1, 550), (0.8, 0.65, 60)):
        at = (box["x"] + box["width"] * along, box["y"] + box["height"] * down)
        page.mouse.move(*at)
        page.mouse.click(*at)
        page.wait_for_timeout(pause)  # two clicks within half a second are a double click
    page.mouse.move(5, 5)


def in_sight(page: Page) -> list[dict[str, str]]:
    """The rows of the table behind the chart, column by column, exactly."""
    page.wait_for_selector("[data-part=data-table] tbody tr")
    rows = page.locator("[data-part=data-table] tbody tr[data-open]")
    return list(
        rows.evaluate_all(
            "all => all.map(row => Object.fromEntries([...row.querySelectorAll('data')]"
            ".map(one => [one.dataset.column, one.value])))"
        )
    )
