"""Files of the archive that lie, each with a right checksum: none of their rows is ever kept."""

from __future__ import annotations

import tracemalloc
from typing import Final

import pytest

from chandlery.candles.series import Series
from chandlery.collect.wanted import to_ms
from chandlery.sandbox.archive.faults import ArchiveFaultKind
from tests.collect.rehearsal import SOL, Rehearsal

SERIES: Final = Series.parse(SOL)
AUGUST: Final = "SOLUSDT-1h-2020-08"
"""A month of 21 days, and those days."""
UNTIL: Final = "2020-09-01"
MEGABYTE: Final = 1 << 20
REFUSED: Final[dict[ArchiveFaultKind, str]] = {
    "several": "should hold SOLUSDT-1h-2020-08.csv alone, and holds",
    "dot-dot": "and holds '../../SOLUSDT-1h-2020-08.csv'",
    "bomb": "unpacks to 168",
    "other-month": "row 1 is no candle: it opens at 2020-09-15 06:00:00 UTC, not within",
    "upside-down": "row 1 is no candle: its high is not the highest price",
}
"""What is wrong, and what is said of it."""


@pytest.mark.parametrize("kind", REFUSED)
def test_month_and_days(desk: Rehearsal, kind: ArchiveFaultKind) -> None:
    """A month that lies, as do its days, is refused by name; REST has the same candles."""
    desk.box.spoil_archive(kind, AUGUST)
    report = desk.keeper.backfill(SOL, until=UNTIL)
    assert report.ok
    told = next(text for text in report.differences if text.startswith(f"{AUGUST}.zip was not"))
    assert REFUSED[kind] in told
    assert "REST has the same candles" in told
    assert desk.keeper.store.archive.records(SERIES) == []
    assert {name[: len(AUGUST)] for name in desk.fetched()} == {AUGUST}
    served = desk.served(SOL, until_ms=to_ms(UNTIL))
    assert desk.held(SOL).equals(served)
    assert served.height > 400
    assert desk.keeper.store.candles.revisions(SERIES).is_empty()
    assert desk.keeper.prove(SOL).holds


def test_a_bomb_takes_no_memory(desk: Rehearsal) -> None:
    """A file that would unpack to a hundred times what its month can hold is not unpacked."""
    desk.box.spoil_archive("bomb", f"{AUGUST}.zip")
    desk.box.spoil_archive("missing", f"{AUGUST}-")
    tracemalloc.start()
    try:
        assert desk.keeper.backfill(SOL, until=UNTIL).ok
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert desk.held(SOL).equals(desk.served(SOL, until_ms=to_ms(UNTIL)))
    # The sandbox, which is in the same process, has made those 16 MB.
    assert peak < 24 * MEGABYTE
