"""The verbs about what is to be kept: which series are wanted, and work that is asked for once."""

from __future__ import annotations

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.collect.jobs import chosen
from chandlery.collect.symbols import Listings, check, in_capitals
from chandlery.collect.wanted import When, between, to_ms
from chandlery.errors import InputError, KeptBySettings, NotWanted, UnknownTask
from chandlery.exchanges.exchange import Exchange
from chandlery.settings import Settings, origin
from chandlery.store import Store, TaskKind, TaskRecord

_FOREVER = 1 << 62


class Keeping:
    """Part of the keeper; what it needs of it stands here without a value."""

    settings: Settings
    store: Store
    clock: Clock
    listings: Listings
    wishes: int = 0
    """How often this keeper was told to keep or to forget a series, so that a plan can follow."""

    def exchange(self, name: str) -> Exchange:
        """The adapter of that name."""
        raise NotImplementedError

    def patterns(self) -> tuple[Series, ...]:
        """What to keep, as people wrote it: in the settings, then by `keep`."""
        return tuple(dict.fromkeys((*self.settings.series, *self.store.wanted.read())))

    def in_force(self) -> Settings:
        """The settings with all series that are to be kept: what plans and judgements go by."""
        return self.settings.model_copy(update={"series": self.patterns()})

    def wanted_series(self) -> tuple[Series, ...]:
        """The series to keep, wildcards filled in, in the order in which people wrote them."""
        patterns = self.patterns()
        if not any(one.is_pattern for one in patterns):
            return patterns
        lists = {one.exchange: self.listings.held(one.exchange) for one in patterns}
        return tuple(chosen(patterns, self.store.jobs.states(), lists))

    def listed_series(self) -> tuple[Series, ...]:
        """The same, after asking the exchange for its symbols where a wildcard depends on them.

        Raises `RemoteError` when no list can be had.
        """
        for name in {one.exchange for one in self.settings.series if one.is_pattern}:
            self.listings.young(self.exchange(name))
        return self.wanted_series()

    def secret(self, name: str) -> bytes:
        """A random key of that name, the same for every process over the same store."""
        return self.store.secrets.get(name)

    def keep(self, series: Series | str) -> tuple[Series, bool]:
        """Keep a series from now on: as the exchange spells it, and whether that is new.

        The exchange is asked for a candle, so that what it does not have is refused here. Raises
        `InputError`, `RemoteError` when it does not answer, `StoreError`.
        """
        named = _in_full(series)
        exchange = self.exchange(named.exchange)
        wanted = check(named, exchange, self.listings).series
        if wanted in self.wanted_series():
            return wanted, False
        exchange.newest(wanted, 1)
        added = self.store.wanted.add(wanted)
        # Afterwards: whoever looks when this changes has to find the series.
        self.wishes += 1
        return wanted, added

    def forget(self, series: Series | str) -> Series:
        """Keep a series no more; what is stored of it stays.

        Raises `KeptBySettings` with where they have it, `NotWanted`.
        """
        named = in_capitals([_in_full(series)])[0]
        pattern = next((one for one in self.settings.series if one.matches(named)), None)
        if pattern is not None:
            raise KeptBySettings(str(named), str(pattern), origin("series"))
        if not self.store.wanted.remove(named):
            raise NotWanted(str(named))
        self.wishes += 1
        return named

    def ask(
        self,
        kind: TaskKind,
        series: Series | str | None = None,
        *,
        since: When | None = None,
        until: When | None = None,
    ) -> TaskRecord:
        """Have work done by whichever process runs tasks; the open task of the same, or a new one.

        Raises `InputError` for what cannot be asked; what the exchange says stands in the task.
        """
        since_ms, until_ms = _ms(since), _ms(until)
        if since_ms is not None or until_ms is not None:
            between(since_ms or 0, until_ms, now_ms=_FOREVER)
        _check_task(kind, series, since_ms, until_ms)
        name = ""
        if series is not None:
            wanted = in_capitals([_in_full(series)])[0]
            self.exchange(wanted.exchange)
            name = str(wanted)
        return self.store.tasks.add(kind, name, since_ms, until_ms, self.clock.now_ms())

    def cancel(self, id_: str) -> TaskRecord:
        """Cancel a task, as it then stands: who is at it stops soon. Raises `UnknownTask`."""
        return _found(self.store.tasks.cancel(id_, self.clock.now_ms()), id_)

    def retry(self, id_: str) -> TaskRecord:
        """Queue a task that has ended anew; the open one of the same. Raises `UnknownTask`."""
        return _found(self.store.tasks.retry(id_, self.clock.now_ms()), id_)

    def task(self, id_: str) -> TaskRecord:
        """One task. Raises `UnknownTask`."""
        return _found(self.store.tasks.get(id_), id_)


def _found(task: TaskRecord | None, id_: str) -> TaskRecord:
    if task is None:
        raise UnknownTask(id_)
    return task


def _check_task(
    kind: TaskKind, series: Series | str | None, since_ms: int | None, until_ms: int | None
) -> None:
    """Raises `InputError` for a task that says too much or too little."""
    msg = None
    if kind == "market_caps":
        if (series, since_ms, until_ms) != (None, None, None):
            msg = "'market_caps' is about no series and no time."
    elif series is None:
        msg = f"Name the series to {kind}, such as binance:BTCUSDT:1h."
    elif kind == "collect" and until_ms is not None and since_ms is None:
        msg = "'collect' takes 'until' only together with 'since'."
    if msg is not None:
        raise InputError(msg)


def _in_full(series: Series | str) -> Series:
    named = Series.parse(series) if isinstance(series, str) else series
    if named.is_pattern:
        msg = f"{named} stands for many series. Name one in full; wildcards go into the settings."
        raise InputError(msg)
    return named


def _ms(when: When | None) -> int | None:
    return None if when is None else to_ms(when)
