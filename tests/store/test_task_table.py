"""Tasks, their runners, wanted series and shared secrets in the store, on every engine."""

from __future__ import annotations

from chandlery.candles.series import Series
from chandlery.clock import FrozenClock
from chandlery.store import Store, TaskProgress, TaskRecord
from chandlery.store.sql.database import Database
from chandlery.store.work.task_table import TaskTable
from tests.store.crowd import Crowd

BTC = "binance:BTCUSDT:1m"
FAR = TaskProgress(1_000, 5_000, 77, 60_000, 500, 8_000)


def ask(store: Store, now_ms: int = 0, series: str = BTC) -> TaskRecord:
    """Ask for the whole history of a series."""
    return store.tasks.add("backfill", series, None, None, now_ms)


def claim(store: Store, holder: str, now_ms: int, seconds: int = 1) -> str | None:
    """The id of the task that the holder got."""
    task = store.tasks.claim(holder, now_ms=now_ms, until_ms=now_ms + 1_000 * seconds)
    return None if task is None else task.id


def test_asked_twice(store: Store) -> None:
    """The same work is open once, and can be asked for anew when it has ended."""
    first = ask(store, 5)
    assert (first.state, first.asked_ms, first.progress) == ("queued", 5, TaskProgress())
    assert ask(store, 6) == first
    other = store.tasks.add("backfill", BTC, 0, None, 7)
    assert other.id != first.id
    store.tasks.cancel(first.id, 8)
    assert ask(store, 9).id not in {first.id, other.id}
    assert [one.asked_ms for one in store.tasks.latest(9)] == [9, 7, 5]
    assert [one.asked_ms for one in store.tasks.latest(1)] == [9]


def test_one_holder(store: Store) -> None:
    """Tasks are taken in the order in which they were asked for, each by one holder."""
    first, second = ask(store, 1), ask(store, 2, "binance:ETHUSDT:1m")
    assert store.tasks.is_waiting(3)
    assert claim(store, "a", 3) == first.id
    assert claim(store, "b", 3) == second.id
    assert claim(store, "c", 3) is None
    assert not store.tasks.is_waiting(3)


def test_a_dead_holder(store: Store) -> None:
    """A task whose holder shows no life is taken up again, and the dead one has no say in it."""
    task = ask(store)
    assert claim(store, "dead", 0) == task.id
    assert claim(store, "b", 999) is None
    again = store.tasks.claim("b", now_ms=1_000, until_ms=2_000)
    assert again is not None
    assert (again.id, again.started_ms, again.tries) == (task.id, 0, 2)
    assert store.tasks.renew(task.id, "dead", FAR, "", until_ms=9_000) is None
    store.tasks.give_back(task.id, "dead")
    assert not ended(store, task.id, "dead")
    assert store.tasks.get(task.id) == again


def ended(store: Store, id_: str, holder: str) -> bool:
    """Whether the holder could end it well."""
    return store.tasks.finish(
        id_, holder, FAR, state="done", words="all", error=None, ended_ms=9_000
    )


def test_a_hold_from_a_wrong_clock(store: Store) -> None:
    """A hold that ends far ahead of the clock is none."""
    task = ask(store)
    claim(store, "a", 100_000_000)
    assert claim(store, "b", 1_000) == task.id


def test_progress(store: Store) -> None:
    """How far it is can be read while it runs and after it, and holding on keeps others off."""
    task = ask(store)
    claim(store, "a", 0)
    assert store.tasks.renew(task.id, "a", FAR, "at noon", until_ms=9_000) is False
    assert claim(store, "b", 5_000) is None
    now = store.tasks.get(task.id)
    assert now is not None
    assert (now.progress, now.words, now.is_open) == (FAR, "at noon", True)
    assert ended(store, task.id, "a")
    now = store.tasks.get(task.id)
    assert now is not None
    assert (now.state, now.words, now.ended_ms, now.progress) == ("done", "all", 9_000, FAR)


def test_given_back(store: Store) -> None:
    """A task that is given back waits again, and that was no failed try."""
    task = ask(store)
    claim(store, "a", 0)
    store.tasks.give_back(task.id, "a")
    again = store.tasks.claim("b", now_ms=1, until_ms=2)
    assert again is not None
    assert again.tries == 1


def test_cancel(store: Store) -> None:
    """What nobody does is cancelled at once, the holder of another is told; an end stays."""
    task = ask(store)
    claim(store, "a", 0)
    asked = store.tasks.cancel(task.id, 500)
    assert asked is not None
    assert (asked.state, asked.stopping) == ("running", True)
    assert store.tasks.renew(task.id, "a", FAR, "", until_ms=1_500) is True
    dead = store.tasks.cancel(task.id, 2_000)
    assert dead is not None
    assert (dead.state, dead.ended_ms) == ("cancelled", 2_000)
    assert not ended(store, task.id, "a")
    assert store.tasks.cancel(task.id, 3_000) == dead
    assert store.tasks.cancel("nothing", 1) is None


def test_retry(store: Store) -> None:
    """What has ended waits anew; while it or the same is open nothing changes."""
    task = ask(store)
    assert store.tasks.retry(task.id, 1) == task
    claim(store, "a", 0)
    ended(store, task.id, "a")
    again = store.tasks.retry(task.id, 7)
    assert again is not None
    assert (again.id, again.state, again.asked_ms) == (task.id, "queued", 7)
    assert (again.progress, again.tries, again.ended_ms) == (TaskProgress(), 0, None)
    store.tasks.cancel(task.id, 8)
    same = ask(store, 9)
    assert store.tasks.retry(task.id, 10) == same
    assert store.tasks.retry("nothing", 1) is None


def test_old_ones_are_forgotten(url: str) -> None:
    """So many tasks that have ended are kept, and open ones always."""
    database = Database.open(url)
    table = TaskTable(database, keep_ended=2)
    for now_ms in range(5):
        task = table.add("repair", f"binance:{now_ms}:1h", None, None, now_ms)
        if now_ms:
            table.cancel(task.id, now_ms)
    table.add("market_caps", "", None, None, 9)
    assert [one.asked_ms for one in table.latest(9)] == [9, 4, 3, 0]
    database.close()


def take_one(number: int, url: str) -> str | None:
    """Claim a task, in a process of its own."""
    with Store.open(url) as store:
        return claim(store, str(number), 10, 60)


def ask_one(number: int, url: str) -> str:
    """Ask for the same, in a process of its own."""
    with Store.open(url) as store:
        store.wanted.add(Series.parse(BTC))
        return f"{ask(store, number).id} {store.secrets.get('page').hex()}"


def test_a_crowd(crowd: Crowd, url: str, shared: Store) -> None:
    """Four processes that ask at one moment ask for one task, and one of four gets it."""
    assert len(set(crowd.all_at_once(ask_one, url))) == 1
    got = crowd.all_at_once(take_one, url)
    assert sorted(one is not None for one in got) == [False, False, False, True]
    assert [one.state for one in shared.tasks.latest(9)] == ["running"]
    assert shared.wanted.read() == (Series.parse(BTC),)


def test_runners(store: Store) -> None:
    """A runner counts while it shows life, and no longer when it has left or died."""
    store.task_runners.show_life("a", now_ms=0, until_ms=100)
    store.task_runners.show_life("b", now_ms=50, until_ms=150)
    assert [store.task_runners.count(ms) for ms in (60, 100, 150)] == [2, 1, 0]
    store.task_runners.leave("b")
    assert store.task_runners.count(60) == 1
    assert store.task_runners.count(-100_000_000) == 0


def test_wanted(store: Store, clock: FrozenClock) -> None:
    """Wanted series come in the order in which they were asked for, each once."""
    later, first = Series.parse("binance:AAA:1h"), Series.parse("binance:ZZZ:1h")
    assert store.wanted.read() == ()
    assert store.wanted.add(first)
    clock.advance(1)
    assert store.wanted.add(later)
    assert not store.wanted.add(first)
    assert store.wanted.read() == (first, later)
    assert store.wanted.remove(first)
    assert not store.wanted.remove(first)
    assert store.wanted.read() == (later,)


def test_secrets(store: Store) -> None:
    """A secret is made once, is different for each name, and is 32 bytes long."""
    page = store.secrets.get("page")
    assert len(page) == 32
    assert store.secrets.get("page") == page
    assert store.secrets.get("other") != page
