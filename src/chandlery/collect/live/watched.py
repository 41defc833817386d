"""One series that somebody looks at: its readers, and the last that was said of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from chandlery.candles.series import Series
from chandlery.collect.live.said import Said
from chandlery.collect.live.subscription import Subscription


@dataclass(slots=True)
class Watched:
    """One series from its first reader until some time after its last."""

    since: int
    """The number of the event from which on nothing of it was missed."""
    readers: set[Subscription] = field(default_factory=set)
    left_at: float = 0.0
    """When the last reader went, by the monotonic clock; of no meaning while there are some."""
    candle: Said | None = None
    state: Said | None = None
    kept: Said | None = None

    def remember(self, said: Said, kind: str) -> None:
        """Keep the last of each kind, for newcomers."""
        match kind:
            case "candle":
                self.candle = said
            case "state":
                self.state = said
            case _:
                self.kept = said


def standing(watched: Iterable[Watched], *, states: bool) -> list[Said]:
    """What a newcomer has to know, oldest first; `states` only who has not been told otherwise."""
    found = [said for one in watched for said in _last(one, states=states)]
    return sorted(found, key=lambda said: said.number)


def _last(one: Watched, *, states: bool) -> Iterator[Said]:
    for said in (one.candle, one.kept, one.state if states else None):
        if said is not None:
            yield said


def abandoned(watched: dict[Series, Watched], before: float) -> list[Series]:
    """The series whose last reader went before that moment."""
    return [series for series, one in watched.items() if not one.readers and one.left_at < before]
