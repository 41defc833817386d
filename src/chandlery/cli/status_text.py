"""How everything stands, as text for people: each of a few series, or the worst of many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from chandlery.clock import ms_to_text
from chandlery.collect.status import SeriesStatus, StatusReport

_FEW: Final = 20
"""So many series are listed one by one."""
_WORST: Final = 10
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def status_text(report: StatusReport, store: str) -> str:
    """The lines of `chandlery status`; `store` is its name."""
    return "\n".join(_lines(report, store))


def _lines(report: StatusReport, store: str) -> Iterator[str]:
    yield f"Store: {store}"
    yield _verdict(report)
    if len(report.series) <= _FEW:
        for line in report.series:
            yield _in_full(line, report.now_ms)
    else:
        yield _summary(report.series)
        yield from _worst(report)
    yield from _late_patterns(report)
    yield _market_caps(report)
    if report.exchange_error:
        yield f"Last error: {report.exchange_error}"
    for budget in report.budgets:
        frozen = budget.frozen_seconds
        ban = f"; frozen for {duration(round(frozen * 1000))}" if frozen > 0 else ""
        share = f"{budget.used:,} of {budget.limit:,}"
        yield f"Requests: {share} of the weight of this minute at {budget.exchange}{ban}"
    runs = report.counted.get("runs", {})
    yield f"Runs: {runs.get('done', 0):,} done, {runs.get('failed', 0):,} failed"


def duration(ms: int) -> str:
    """A length of time in its two largest units: `2 d 3 h`."""
    left = max(0, round(ms / 1000))
    parts: list[str] = []
    for seconds, unit in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def _verdict(report: StatusReport) -> str:
    wanted = sum(one.wanted for one in report.series)
    if report.healthy:
        return f"Healthy: none of {wanted:,} series is late"
    return f"Not healthy: {len(report.late):,} of {max(wanted, len(report.late)):,} series late"


def _in_full(line: SeriesStatus, now_ms: int) -> str:
    parts = [f"{line.series}: {line.candles:,} candles"]
    if line.last_open_ms is not None:
        parts.append(f"the last of {ms_to_text(line.last_open_ms)}")
    if line.updated_ms is not None:
        parts.append(f"collected {ms_to_text(line.updated_ms)}")
    if line.revisions:
        parts.append(f"{line.revisions:,} revisions")
    if line.ended:
        parts.append("ended at the exchange")
    elif not line.wanted:
        parts.append("not kept up to date")
    elif line.late:
        parts.append(_lateness(line, now_ms))
    elif line.due_ms is not None:
        parts.append(f"next {ms_to_text(max(line.due_ms, now_ms) // 1000 * 1000)}")
    failed = f" ({line.failures} failures)" if line.failures > 1 else ""
    why = f"\n    {line.error}{failed}" if line.error else ""
    return ", ".join(parts) + why


def _lateness(line: SeriesStatus, now_ms: int) -> str:
    if line.unserved_ms is None:
        return "late: never collected"
    return f"late: overdue for {duration(now_ms - line.unserved_ms)}"


def _summary(lines: Iterable[SeriesStatus]) -> str:
    wanted = [one for one in lines if one.wanted]
    late = sum(one.late for one in wanted)
    ended = sum(one.ended for one in wanted)
    failing = sum(one.failures > 0 for one in wanted)
    candles = sum(one.candles for one in lines)
    revisions = sum(one.revisions for one in lines)
    return (
        f"{len(wanted):,} series: {len(wanted) - late - ended:,} current, {late:,} late, "
        f"{failing:,} failing, {ended:,} ended; {candles:,} candles, {revisions:,} revisions"
    )


def _worst(report: StatusReport) -> Iterator[str]:
    """The late ones first, then those whose last candle is the oldest."""
    running = [one for one in report.series if one.wanted and not one.ended]
    worst = sorted(running, key=lambda one: (not one.late, -_lag(one), one.series))[:_WORST]
    yield f"The {len(worst)} furthest behind:"
    for line in worst:
        yield _in_full(line, report.now_ms)


def _lag(line: SeriesStatus) -> float:
    return float("inf") if line.lag_ms is None else line.lag_ms


def _late_patterns(report: StatusReport) -> Iterator[str]:
    """Late ones that are no series yet."""
    known = {one.series for one in report.series}
    for one in report.late:
        if one.series not in known:
            yield str(one)


def _market_caps(report: StatusReport) -> str:
    taken = report.market_caps_ms
    state = "none yet" if taken is None else f"of {ms_to_text(taken)}"
    late = ", late" if report.market_caps_late and taken is not None else ""
    why = f"\n    {report.market_caps_error}" if report.market_caps_error else ""
    return f"Market caps: {state}{late}{why}"
