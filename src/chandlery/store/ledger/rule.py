"""How new evidence changes the ledger: pure.

The newer evidence counts for all of its span; what older entries know of other time stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chandlery.candles.span import Span, subtract
from chandlery.store.records import ANSWERED, Entry


def answered(asked: Entry, holes: Iterable[Span]) -> list[Entry]:
    """The entries that an answer makes: stored, but for the holes, which are empty."""
    empty = list(holes)
    stored = [replace(asked, span=span) for span in subtract([asked.span], empty)]
    return stored + [replace(asked, span=span, state="empty") for span in empty]


def overridden(old: Iterable[Entry], new: Iterable[Entry]) -> list[Entry]:
    """`old` and `new` as one list, ascending and disjoint; where both know a time, `new` counts.

    Stored time that touches becomes one entry with the newest evidence: a series that is topped
    up every hour has one, not one per hour. All else keeps its own evidence.
    """
    newer = list(new)
    kept = [
        replace(entry, span=span)
        for entry in old
        for span in subtract([entry.span], [one.span for one in newer])
    ]
    joined: list[Entry] = []
    for entry in sorted([*kept, *newer], key=lambda one: one.span):
        if joined and _are_one(joined[-1], entry):
            joined[-1] = _one(joined[-1], entry)
        else:
            joined.append(entry)
    return joined


def failed(old: Iterable[Entry], failure: Entry) -> list[Entry]:
    """The entries of a failure: only where nobody has had an answer, each with its tries."""
    before = [entry for entry in old if entry.span.intersect(failure.span)]
    known = [entry.span for entry in before if entry.state in ANSWERED]
    tries = max((entry.tries for entry in before if entry.state == "failed"), default=0)
    return [
        replace(failure, span=span, tries=tries + 1) for span in subtract([failure.span], known)
    ]


def _are_one(before: Entry, after: Entry) -> bool:
    return before.state == after.state == "stored" and before.span.end == after.span.start


def _one(before: Entry, after: Entry) -> Entry:
    newest = before if before.asked_ms > after.asked_ms else after
    return replace(newest, span=Span(before.span.start, after.span.end))
