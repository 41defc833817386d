"""Opens a budget by the URL of the place where it is kept."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from chandlery.clock import Clock
from chandlery.errors import BadSetting
from chandlery.transport.budget.memory import MinuteBudget
from chandlery.transport.budget.place import Place
from chandlery.transport.budget.protocol import Budget
from chandlery.transport.budget.shared import SharedBudget


def open_budget(url: str, name: str, *, clock: Clock, limit: int) -> Budget:
    """The budget `name` at that place; nothing is opened or asked until it is used.

    `memory:` or nothing is for this process alone; `sqlite:///path` is shared by the processes of
    this machine; `redis://`, `rediss://` and `unix://` by all who reach that Redis. Budgets of
    the same name at the same place are one: `name` says who grants it, such as
    `binance@api.binance.com`. Raises `BadSetting` for any other URL.
    """
    place = _place(url, name)
    if place is None:
        return MinuteBudget(clock, limit=limit)
    return SharedBudget(place, clock, limit=limit)


def _place(url: str, name: str) -> Place | None:
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = "not a URL"
    if scheme in {"", "memory"} and url in {"", "memory:", "memory://"}:
        return None
    if scheme == "sqlite" and url.startswith("sqlite:///") and _path(url).name:
        # Late, as below: most commands need neither, and they take time to import.
        from chandlery.transport.budget.sqlite import SqlitePlace  # noqa: PLC0415

        return SqlitePlace(_path(url), name)
    if scheme in {"redis", "rediss", "unix"}:
        from chandlery.transport.budget.redis import RedisPlace  # noqa: PLC0415

        return RedisPlace(url, name)
    raise BadSetting(
        "The request budget cannot be kept there: CHANDLERY_BUDGET_URL must be sqlite:///path, "
        f"redis://…, rediss://…, unix://… or memory:, and begins with '{scheme}:'."
    )


def _path(url: str) -> Path:
    return Path(unquote(url.removeprefix("sqlite:///").partition("?")[0]))
