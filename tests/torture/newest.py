"""What has to be true of a series that is kept, whatever happened to the clocks."""

from __future__ import annotations

from tests.collect.rehearsal import Rehearsal


def assert_newest(desk: Rehearsal, name: str, *, least: int = 1) -> None:
    """All that is kept is what the exchange serves, up to the newest closed candle of now."""
    held = desk.held(name)
    assert held.height >= least > 0
    first_ms, *_, last_ms = held["open_time"].dt.epoch("ms")
    served = desk.served(name, since_ms=first_ms, until_ms=desk.box.clock.now_ms())
    assert held.equals(served)
    assert desk.keeper.prove(name).holds
    within = [gap for gap in desk.keeper.gaps(name) if first_ms <= gap.span.start < last_ms]
    assert {gap.reason for gap in within} <= {"empty at the exchange"}
