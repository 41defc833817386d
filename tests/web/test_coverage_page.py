"""The coverage page in a real browser, compared with the store; and repairing a day from there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from chandlery.candles.frame import SCHEMA
from chandlery.candles.interval import DAY_MS, HOUR_MS
from chandlery.candles.series import Series
from chandlery.collect.tasks import TaskWork
from chandlery.sandbox import Sandbox
from chandlery.store import TaskRecord
from chandlery.web import Server, create_app
from tests.collect.rehearsal import NOW_MS, SOL, Rehearsal, rehearsing
from tests.web.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WEEKS: Final = "binance:SOLUSDT:1w"
OUTAGE: Final = "2020-09-25"
"""The exchange has no candles from 7 to 9 o'clock."""
REVISED: Final = "2020-10-19"
FAILED: Final = "2020-09-28"
FIRST: Final = "2020-08-11"
SPAN: Final = ("2020-09-10", "2020-10-01")
"""What nobody has asked about, but for a try that failed."""
STATES: Final = {
    "empty at the exchange": "empty",
    "never asked": "missing",
    "lost": "missing",
    "failed": "failed",
}


def to_ms(day: str) -> int:
    """Midnight UTC of a day."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange, ten weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=NOW_MS, speed=0) as running:
        yield running


@pytest.fixture(scope="module")
def desk(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A keeper whose series has a stretch never asked, a day that failed and a changed candle."""
    with rehearsing(box, tmp_path_factory.mktemp("coverage"), series=f"{SOL},{WEEKS}") as opened:
        opened.keeper.backfill(SOL, until=SPAN[0])
        opened.keeper.backfill(SOL, since=SPAN[1])
        opened.keeper.collect(WEEKS, last=20)
        box.revise("SOLUSDT", "1h", to_ms(REVISED) + 5 * HOUR_MS)
        opened.keeper.clock.sleep(60)
        assert opened.keeper.collect(SOL, last=50).kept.revised == 1
        box.faults.always("451", path="klines", service="binance")
        assert not opened.keeper.repair(SOL, since=FAILED, until="2020-09-29").ok
        box.faults.clear()
        yield opened


@pytest.fixture(scope="module")
def url(desk: Rehearsal) -> Iterator[str]:
    """Where the page is served."""
    with Server(create_app(desk.keeper, label="SANDBOX"), port=0) as server:
        yield f"{server.url}/coverage"


@pytest.fixture
def page(url: str, desk: Rehearsal, window: Window) -> Iterator[Page]:
    """The page, wide and dark; afterwards: no complaint, and no request to another host."""
    desk.box.faults.clear()
    with window.visiting(url) as page:
        yield page


def value(page: Page, name: str) -> int:
    """A number of the summary, exactly."""
    return int(page.locator(f"#summary [data-field={name}]").get_attribute("value") or "")


def rows(page: Page) -> dict[str, dict[str, int]]:
    """The table of days that are not complete, as it can be read."""
    page.locator("#day-table").evaluate("one => { one.open = true }")
    page.wait_for_selector("#day-rows tr")
    found = page.locator("#day-rows tr").evaluate_all(
        "all => all.map(row => [row.dataset.day, [...row.querySelectorAll('[data-field]')]"
        ".map(cell => [cell.dataset.field, Number(cell.textContent.replaceAll(',', ''))])])"
    )
    return {day: dict(cells) for day, cells in found}


def kept_gaps(desk: Rehearsal) -> dict[str, Counter[str]]:
    """The same counts, hour by hour, from what the keeper says of gaps."""
    counted: dict[str, Counter[str]] = {}
    for gap in desk.keeper.gaps(SOL):
        if not gap.inside:
            continue
        for open_ms in range(gap.span.start, gap.span.end, HOUR_MS):
            day = datetime.fromtimestamp(open_ms / 1000, UTC).date().isoformat()
            counted.setdefault(day, Counter())[STATES[gap.reason]] += 1
    return counted


def click_day(page: Page, day: str) -> None:
    """Click the cell of a day, as far from the first day's cell as the calendar says."""
    page.locator("#days").focus()
    page.keyboard.press("Home")
    cell = page.locator("#mark").bounding_box()
    assert cell is not None
    first, other = date.fromisoformat(FIRST), date.fromisoformat(day)
    weeks = ((other - first).days + first.weekday()) // 7
    x = cell["x"] + cell["width"] * (weeks + 0.5)
    y = cell["y"] + cell["height"] * (other.weekday() - first.weekday() + 0.5)
    page.mouse.move(x, y)
    expect(page.locator("#tip")).to_have_attribute("data-day", day)
    page.mouse.click(x, y)
    expect(page.locator("#day")).to_have_attribute("data-day", day)
    page.wait_for_selector("#day[data-ready=true]")


def worked(page: Page, desk: Rehearsal) -> TaskRecord:
    """Click the button that asks again, do the task, and wait until the page says it is over."""
    page.locator("#repair").click()
    expect(page.locator("#repair-words")).to_contain_text("Asked for")
    expect(page.locator("#repair-progress")).to_be_visible()
    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(TaskWork(desk.keeper).do_next).result()
    assert task is not None
    expect(page.locator("#repair-progress")).to_be_hidden()
    return task


def test_summary(page: Page, desk: Rehearsal) -> None:
    """The summary says what the store holds: candles, first and last, and what is not there."""
    [held] = [one for one in desk.keeper.catalogue() if str(one.series) == SOL]
    assert value(page, "stored") == held.candles == desk.held(SOL).height
    assert (value(page, "first"), value(page, "last")) == (held.first_ms, held.last_ms)
    assert value(page, "revised") == 1
    gaps = sum(kept_gaps(desk).values(), Counter())
    for state in ("empty", "missing", "failed"):
        assert value(page, state) == gaps[state], state
    places = held.candles + gaps.total()
    share = int(10_000 * (held.candles + gaps["empty"]) / places) / 100
    expect(page.locator("#summary [data-field=share]")).to_have_text(f"{share:g}%")
    expect(page.locator("#kept-rows .here .kept-share")).to_have_text(
        page.locator("#summary [data-field=share]").inner_text()
    )


def test_table(page: Page, desk: Rehearsal) -> None:
    """The table behind the heat map has each day that is not complete, with the store's counts."""
    shown = rows(page)
    kept = kept_gaps(desk)
    assert set(shown) == set(kept) | {REVISED}
    for day, gaps in kept.items():
        got = {name: shown[day][name] for name in ("empty", "missing", "failed")}
        assert got == {name: gaps[name] for name in got}, day
        assert shown[day]["stored"] == shown[day]["expected"] - sum(gaps.values())
    assert shown[REVISED]["revised"] == 1


def test_repair(page: Page, desk: Rehearsal) -> None:
    """A day that nobody asked about is asked for by a click, and is drawn anew, as it now is."""
    click_day(page, OUTAGE)
    expect(page.locator("#day-state")).to_have_text("MMissing")
    stretch = page.locator("#stretches li")
    expect(stretch).to_have_count(1)
    expect(stretch.locator(".reason")).to_have_text("Never asked")
    expect(stretch.locator(".facts")).to_contain_text("never")
    before = page.locator(".year-chart").screenshot()
    task = worked(page, desk)
    assert (task.kind, task.series, task.state) == ("repair", SOL, "done")
    assert (task.since_ms, task.until_ms) == (to_ms(OUTAGE), to_ms(OUTAGE) + DAY_MS)
    expect(page.locator("#day-state")).to_have_text("EEmpty at the exchange")
    expect(page.locator("#day-counts")).to_have_text("22 of 24 candles, 2 empty at the exchange.")
    expect(stretch.locator(".reason")).to_have_text("Empty at the exchange")
    [gap] = [one for one in desk.keeper.gaps(SOL) if one.reason == "empty at the exchange"]
    expect(stretch.locator(".exact")).to_have_text(gap.request or "")
    expect(page.locator("#repair-words")).to_contain_text("22 new candles")
    assert rows(page)[OUTAGE]["empty"] == 2
    page.mouse.move(5, 5)
    assert page.locator(".year-chart").screenshot() != before


def test_failed(page: Page, desk: Rehearsal) -> None:
    """A day that was asked in vain says how often and why; a repair in vain says so, too."""
    click_day(page, FAILED)
    stretch = page.locator("#stretches li")
    expect(stretch.locator(".reason")).to_have_text("Failed")
    expect(stretch.locator(".facts")).to_contain_text("1 time in vain")
    [gap] = [one for one in desk.keeper.gaps(SOL) if one.reason == "failed"]
    expect(stretch.locator(".facts")).to_contain_text(gap.error or "")
    desk.box.faults.always("451", path="klines", service="binance")
    task = worked(page, desk)
    assert task.state == "failed"
    expect(page.locator("#repair-words")).to_contain_text(task.error or "")
    expect(stretch.locator(".facts")).to_contain_text("2 times in vain")


def test_revised(page: Page, desk: Rehearsal) -> None:
    """A candle that changed shows its older values beside those in force, digit for digit."""
    click_day(page, REVISED)
    expect(page.locator("#day-state")).to_have_text("RRevised")
    series = Series.parse(SOL)
    older = desk.keeper.store.candles.revisions(series).row(0, named=True)
    kept = desk.keeper.store.candles.read(series).frame
    [now] = kept.filter(kept["open_time"] == older["open_time"]).to_dicts()
    table = page.locator("#revisions .versions")
    expect(table.locator("thead th")).to_have_text(["Value", "Before", "Now"])
    changed = [name for name in SCHEMA if older[name] != now[name]]
    assert "volume" in changed
    expect(table.locator("tbody tr")).to_have_count(len(changed))
    for row, name in zip(table.locator("tbody tr").all(), changed, strict=True):
        assert row.locator("td").all_inner_texts() == [str(older[name]), str(now[name])]


def test_keyboard(page: Page) -> None:
    """Without a mouse: from one incomplete day to the next, into its panel, and back."""
    days = page.locator("#days")
    days.focus()
    page.keyboard.press("Home")
    expect(page.locator("#spoken")).to_contain_text("18 of 18 candles")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#spoken")).to_contain_text("August 18, 2020: 24 of 24 candles")
    page.keyboard.press("n")
    expect(page.locator("#spoken")).to_contain_text("0 of 24 candles, 24 missing")
    page.keyboard.press("Enter")
    expect(page.locator("#day-name")).to_be_focused()
    expect(page.locator("#day")).to_have_attribute("data-day", SPAN[0])
    page.keyboard.press("Escape")
    expect(days).to_be_focused()
    expect(page.locator("#day")).to_have_attribute("data-open", "false")
    page.keyboard.press("End")
    page.keyboard.press("p")
    expect(page.locator("#spoken")).to_contain_text("1 revised")
    expect(page).to_have_url(re.compile(f"day={REVISED}"))


def test_address(page: Page) -> None:
    """Series and day stand in the address; the day leads to the chart."""
    click_day(page, OUTAGE)
    page.reload()
    page.wait_for_selector("#day[data-ready=true]")
    expect(page.locator("#day")).to_have_attribute("data-day", OUTAGE)
    link = page.get_by_role("link", name="See in the chart").get_attribute("href") or ""
    assert link.endswith(f"at={to_ms(OUTAGE)}")
    page.locator(f"[data-series='{WEEKS}'] .kept-button").click()
    expect(page.locator("#interval")).to_have_text("1w")
    expect(page).to_have_url(re.compile("^(?!.*day=).*1w"))


def test_long_candles(page: Page, desk: Rehearsal) -> None:
    """Of intervals longer than a day the cells are the candles themselves."""
    page.select_option("#series", WEEKS)
    expect(page.locator("#interval")).to_have_text("1w")
    expect(page.locator("#summary [data-field=stored]")).to_have_attribute(
        "value", str(desk.held(WEEKS).height)
    )
    page.locator("#days").focus()
    page.keyboard.press("End")
    expect(page.locator("#spoken")).to_contain_text("1 of 1 candle")


@pytest.mark.parametrize(("width", "height"), [(360, 760), (820, 1100), (3840, 2160)])
def test_widths(url: str, window: Window, width: int, height: int) -> None:
    """From a phone to a big screen: nothing scrolls sideways, and a day opens in sight."""
    address = f"{url}?day={OUTAGE}"
    page = window.visit(address, (width, height), "light", motion="reduce").page
    page.wait_for_selector("#day[data-ready=true]")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    mark, panel = page.locator("#mark").bounding_box(), page.locator("#day").bounding_box()
    assert mark is not None
    assert panel is not None
    assert 0 <= mark["y"] <= height - mark["height"]
    assert mark["y"] + mark["height"] <= panel["y"] or mark["x"] < panel["x"]
