"""How a budget counts: the pure rule, the same wherever the account is kept.

By fixed minutes of the exchange's clock, each with a count of its own. The count is of permits
given in that minute. An answer's used-weight header raises it when others spend from the same
budget, and never lowers it: answers overtake each other, and permits in flight may not be in the
header yet. Those in flight at the turn of a minute are counted in the new one too, as the exchange
may; and no longer, so that what a killed process had in flight is forgotten after two minutes.

No clock is believed more than need be. A process whose clock is wrong counts in a minute of its
own and disturbs nobody. Two clocks that disagree about the turn of a minute, or one that is set
back over it, must fit into both minutes. A freeze is held by each machine's steady clock, and is
read off the wall clock only once, where a machine first meets it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chandlery.transport.budget.protocol import Permit

MINUTE_MS: Final = 60_000
EDGE_MS: Final = 100
"""Waited beyond the turn of the minute, for what is left of the clocks' disagreement."""
LIMIT_MINUTES: Final = 10
"""For so long the lowest limit holds for all after it was last stated."""
KEPT_MINUTES: Final = 8
"""Counts kept, the newest; more than are looked at, for those that clocks disagree about."""
TURN_MS: Final = 10_000
"""After the turn of a minute, a header that looks like the last minute's count may be just that:
our picture of the exchange's clock is off by half a trip at worst, and a trip can be slow."""
ALIKE: Final = 20
"""Counts are alike when they differ by less than this part of the limit."""
DOUBT_MS: Final = 1000
"""Two opinions about the end of a freeze that differ by less are one."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where a budget is asked, by the asker's clocks."""

    exchange_ms: int
    """The time at the exchange, as far as the asker knows."""
    steady_ms: int
    """A clock that is never set, comparable within one machine."""
    machine: str

    @property
    def minute(self) -> int:
        """The exchange's minute."""
        return self.exchange_ms // MINUTE_MS

    def wait(self, standing: Standing) -> float:
        """Seconds after which it is worth asking again: unfrozen, or surely the next minute."""
        if standing.frozen_ms:
            return standing.frozen_ms / 1000
        return (MINUTE_MS - self.exchange_ms % MINUTE_MS + EDGE_MS) / 1000


@dataclass(frozen=True, slots=True)
class Known:
    """What the asker brings along, in case that the account has lost it or never heard of it."""

    limit: int
    used: int = 0
    frozen_ms: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand, for the asker."""

    limit: int
    used: int
    frozen_ms: int
    granted: bool = False


@dataclass(slots=True)
class Count:
    """One minute: weight counted as used, and how much of it is in flight."""

    used: int = 0
    flying: int = 0


@dataclass(slots=True)
class Freeze:
    """Nobody may send from `set_ms` to `until_ms` of the exchange's time."""

    set_ms: int
    until_ms: int
    ends: dict[str, int] = field(default_factory=dict)
    """By machine, when it ends by the machine's steady clock."""


@dataclass(slots=True)
class Account:
    """All that is known of one budget."""

    minutes: dict[int, Count] = field(default_factory=dict)
    limit: int = 0
    limit_minute: int = 0
    """The last minute in which `limit` holds."""
    freeze: Freeze | None = None


def take(account: Account, moment: Moment, known: Known, weight: int, share: float) -> Standing:
    """Count `weight` if it fits into `share` of the limit and nothing is frozen."""
    standing = look(account, moment, known)
    if standing.frozen_ms:
        return standing
    # A request larger than the whole budget goes out alone, rather than never.
    if standing.used and standing.used + weight > standing.limit * share:
        return standing
    count = _turn(account, moment.minute)
    count.used += weight
    count.flying += weight
    return Standing(standing.limit, _used(account, moment.minute), 0, granted=True)


def look(account: Account, moment: Moment, known: Known) -> Standing:
    """How things stand, after the account has taken up what the asker knows."""
    count = _turn(account, moment.minute)
    count.used = max(count.used, known.used)
    _state_limit(account, moment.minute, known.limit)
    frozen_ms = _frozen_ms(account, moment)
    if known.frozen_ms > frozen_ms + DOUBT_MS:
        freeze(account, moment, known.frozen_ms)
        frozen_ms = known.frozen_ms
    return Standing(account.limit, _used(account, moment.minute), frozen_ms)


def settle(account: Account, moment: Moment, permit: Permit, used: int | None) -> None:
    """Take a request out of flight and believe the exchange if it counts more than we do."""
    _turn(account, moment.minute)
    count = account.minutes.get(permit.minute)
    if count is None:
        return
    count.flying = max(0, count.flying - permit.weight)
    # A header of the last minute says nothing about this one.
    if used is not None and permit.minute >= moment.minute:
        before = account.minutes.get(permit.minute - 1, Count())
        if not _of_last_minute(account, moment, used, count, before):
            count.used = max(count.used, used + count.flying + before.flying)


def _of_last_minute(
    account: Account, moment: Moment, used: int, count: Count, before: Count
) -> bool:
    """Whether the exchange may still have counted in the minute before.

    To believe it wrongly would leave a whole minute unused; to doubt it wrongly lasts seconds.
    """
    alike = account.limit // ALIKE
    in_doubt = moment.exchange_ms % MINUTE_MS < TURN_MS
    return in_doubt and before.used > 0 and -alike <= used - before.used <= count.used + alike


def freeze(account: Account, moment: Moment, length_ms: int) -> None:
    """Let nobody send for so long; a freeze is never shortened."""
    if length_ms > _frozen_ms(account, moment):
        now_ms = moment.exchange_ms
        ends = {moment.machine: moment.steady_ms + length_ms}
        account.freeze = Freeze(now_ms, now_ms + length_ms, ends)


def _turn(account: Account, minute: int) -> Count:
    """The count of that minute, begun with what the minute before has in flight."""
    count = account.minutes.get(minute)
    if count is None:
        before = account.minutes.get(minute - 1, Count())
        count = account.minutes[minute] = Count(used=before.flying)
        # By age in the account, not by time: a wrong clock must not sweep away the right minutes.
        while len(account.minutes) > KEPT_MINUTES:
            del account.minutes[next(iter(account.minutes))]
    return count


def _used(account: Account, minute: int) -> int:
    """What must leave room: the asker's minute, and the next if somebody is already there."""
    counts = (account.minutes.get(each, Count()) for each in (minute, minute + 1))
    return max(count.used for count in counts)


def _state_limit(account: Account, minute: int, limit: int) -> None:
    """The lowest limit stated of late holds; restating keeps it."""
    holds = minute <= account.limit_minute <= minute + LIMIT_MINUTES + 1
    if limit <= account.limit or not holds:
        account.limit = limit
        account.limit_minute = minute + LIMIT_MINUTES


def _frozen_ms(account: Account, moment: Moment) -> int:
    """How long the freeze still lasts for this machine."""
    if account.freeze is None:
        return 0
    set_ms, until_ms = account.freeze.set_ms, account.freeze.until_ms
    ends_ms = account.freeze.ends.get(moment.machine)
    if ends_ms is not None:
        return max(0, ends_ms - moment.steady_ms)
    # Never longer than it was meant, however the clocks have been set since.
    left_ms = min(until_ms - moment.exchange_ms, until_ms - set_ms)
    if left_ms <= 0:
        return 0
    account.freeze.ends[moment.machine] = moment.steady_ms + left_ms
    return left_ms
