"""The jobs page in a real browser, compared with what the store knows of the work."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from playwright.sync_api import Locator, Page, expect

from chandlery.collect.runner import Runner
from chandlery.collect.tasks import TaskWork
from chandlery.sandbox import Sandbox
from chandlery.web import Server, create_app
from tests.collect.rehearsal import NOW_MS, SOL, Rehearsal, rehearsing
from tests.web.conftest import Scheme, Window
from tests.web.reading import poll_now

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BTC = "binance:BTCUSDT:1h"
SOON_MS = 10_000


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange, ten weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=NOW_MS, speed=0) as running:
        yield running


@pytest.fixture(scope="module")
def desk(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A keeper of two series with thirty runs behind it, one of which has failed."""
    with rehearsing(box, tmp_path_factory.mktemp("jobs"), series=f"{BTC},{SOL}") as opened:
        for _ in range(28):
            assert opened.keeper.collect(BTC, last=3).ok
            opened.keeper.clock.sleep(1)
        assert opened.keeper.collect(SOL, last=100).ok
        opened.keeper.clock.sleep(1)
        box.faults.always("451", path="klines", service="binance")
        assert Runner(opened.keeper).do(SOL).failure is not None
        yield opened


@pytest.fixture(scope="module")
def url(desk: Rehearsal) -> Iterator[str]:
    """Where the page is served."""
    with Server(create_app(desk.keeper, label="SANDBOX"), port=0) as server:
        yield f"{server.url}/jobs"


@pytest.fixture
def page(url: str, desk: Rehearsal, window: Window) -> Iterator[Page]:
    """The page, wide and dark; afterwards: no complaint, and no request to another host."""
    desk.box.faults.clear()
    with window.visiting(url) as page:
        yield page


def ask(page: Page, desk: Rehearsal, kind: str, series: str) -> Locator:
    """Ask for work as a person does, and give the line that appears for it."""
    desk.keeper.clock.sleep(1)  # what is asked for last stands first
    page.get_by_label("What", exact=True).select_option(kind)
    page.locator("#start-series").fill(series)
    page.get_by_role("button", name="Start").click()
    line = page.locator("#tasks .item").first
    expect(line.locator(".badge-state")).to_have_text("waiting", timeout=SOON_MS)
    return line


def test_what_ran(page: Page, desk: Rehearsal) -> None:
    """Runs stand newest first with what they brought, and older ones come when asked for."""
    runs = desk.keeper.store.runs.latest(None, 100)
    lines = page.locator("#runs .item")
    expect(lines).to_have_count(25)
    page.get_by_role("button", name="Load more").click()
    expect(lines).to_have_count(len(runs))
    expect(page.get_by_role("button", name="Load more")).to_be_hidden()
    shown = lines.evaluate_all("all => all.map(one => one.dataset.run)")
    assert shown == [run.id for run in runs]
    brought = orjson.loads(runs[1].report_json)["new"]
    expect(lines.nth(1).locator(".run-came")).to_have_text(f"{brought} new, 1 request")
    expect(lines.nth(2).locator(".run-came")).to_contain_text("unchanged")


def test_what_failed(page: Page, desk: Rehearsal) -> None:
    """Only failed runs of one series, in the address too, with the error in words."""
    failed = desk.keeper.store.runs.latest(None, 1)[0]
    page.locator("#ran-outcome").select_option("failed")
    page.locator("#ran-series").fill(SOL)
    page.keyboard.press("Enter")
    lines = page.locator("#runs .item")
    expect(lines).to_have_count(1)
    assert lines.first.get_attribute("data-run") == failed.id
    expect(lines.first.locator(".error").first).to_contain_text("451")
    page.reload()
    page.wait_for_selector("[data-ready=true]")
    expect(lines).to_have_count(1)
    expect(page.locator("#ran-outcome")).to_have_value("failed")


def test_what_comes_next(page: Page, desk: Rehearsal) -> None:
    """Every job stands there with when it is due; the one that fails says why."""
    jobs = {job.name: job for job in desk.keeper.jobs()}
    lines = page.locator("#jobs .item")
    expect(lines).to_have_count(len(jobs))
    shown = lines.evaluate_all("all => all.map(one => one.dataset.job)")
    assert set(shown) == set(jobs)
    failing = page.locator(f"#jobs [data-job='{SOL}']")
    state = jobs[SOL].state
    expect(failing.locator(".error")).to_have_text(f"1 failure in a row: {state.error}")
    expect(page.locator("#jobs-note")).to_have_text("1 job failing")
    for due in lines.locator(".job-due").all_inner_texts():
        assert due == "now" or due.startswith("in ")


def test_budget(page: Page, desk: Rehearsal) -> None:
    """The gauge has what the exchange grants and what is used of it, in words as well."""
    gauge = page.get_by_role("meter", name="Requests to binance")
    [budget] = desk.keeper.status().budgets
    assert gauge.get_attribute("aria-valuemax") == str(budget.limit)
    assert gauge.get_attribute("aria-valuenow") == str(budget.used)
    expect(page.locator("[data-exchange=binance] .budget-words")).to_have_text(
        f"{budget.used:,} of {budget.limit:,} used in this minute"
    )


def test_ask_for_work(page: Page, desk: Rehearsal) -> None:
    """What is asked for waits while nobody does tasks, which is said, and then is done."""
    line = ask(page, desk, "Collect the newest", BTC)
    expect(page.locator("#no-runners")).to_contain_text("chandlery worker --tasks")
    done = TaskWork(desk.keeper).do_next()
    assert done is not None
    poll_now(page)
    expect(line.locator(".badge-state")).to_have_text("done")
    expect(line.locator(".task-words")).to_have_text(done.words)
    assert line.get_attribute("data-task") == done.id


def test_cancel(page: Page, desk: Rehearsal) -> None:
    """A history that is being fetched shows how far it is, and one click ends it."""
    desk.box.faults.always("latency", path=".zip", service="archive", seconds=0.4)
    line = ask(page, desk, "Whole history", SOL)
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(TaskWork(desk.keeper).do_next)
        expect(line.locator(".badge-state")).to_have_text("running", timeout=SOON_MS)
        expect(line.get_by_role("progressbar")).to_be_visible()
        line.get_by_role("button", name="Cancel").click()
        cancelled = doing.result()
    assert cancelled is not None
    assert cancelled.state == "cancelled"
    poll_now(page)
    expect(line.locator(".badge-state")).to_have_text("cancelled")
    expect(line.get_by_role("button", name="Try again")).to_be_visible()
    expect(line.get_by_role("progressbar")).to_be_hidden()


def test_try_again(page: Page, desk: Rehearsal) -> None:
    """Work that fails says why, and is done when it is tried again."""
    line = ask(page, desk, "Collect the newest", BTC)
    desk.box.faults.always("451", path="klines", service="binance")
    failed = TaskWork(desk.keeper).do_next()
    assert failed is not None
    poll_now(page)
    expect(line.locator(".badge-state")).to_have_text("failed")
    expect(line.locator(".error").first).to_have_text(failed.error or "")
    desk.box.faults.clear()
    line.get_by_role("button", name="Try again").click()
    expect(line.locator(".badge-state")).to_have_text("waiting")
    assert TaskWork(desk.keeper).do_next() is not None
    poll_now(page)
    expect(line.locator(".badge-state")).to_have_text("done")


def test_refused(url: str, window: Window) -> None:
    """What cannot be asked for is refused in words, and nothing waits for it."""
    # The browser itself complains of the refusal, so this visit is not held against that.
    page = window.visit(url).page
    before = page.locator("#tasks .item").count()
    page.locator("#start-series").fill("binance:BTCUSDT:7h")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#start-words")).to_contain_text("7h")
    assert page.locator("#tasks .item").count() == before


def test_proposals(page: Page) -> None:
    """A few letters of a symbol propose the series that are kept of it."""
    page.locator("#start-series").press_sequentially("sol")
    option = page.locator("#known-series option").first
    expect(option).to_have_attribute("value", SOL)


def test_keyboard(page: Page, desk: Rehearsal) -> None:
    """Work is asked for and cancelled without a mouse, and the focus is not lost on the way."""
    desk.keeper.clock.sleep(1)
    page.locator("#start-kind").focus()
    page.keyboard.press("Tab")
    page.keyboard.type(BTC)
    page.keyboard.press("Enter")
    line = page.locator("#tasks .item").first
    expect(line.locator(".badge-state")).to_have_text("waiting")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(line.get_by_role("button", name="Cancel")).to_be_focused()
    poll_now(page)
    page.keyboard.press("Enter")
    expect(line.locator(".badge-state")).to_have_text("cancelled")
    assert desk.keeper.store.tasks.latest(1)[0].state == "cancelled"


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (820, "dark"), (3840, "light")])
def test_widths(url: str, window: Window, width: int, scheme: Scheme) -> None:
    """From a phone to a big screen nothing scrolls sideways."""
    page = window.visit(url, (width, 800), scheme).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
