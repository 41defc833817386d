"""What a backfill did, and in what it differs from its plan; a record that doors print."""

from __future__ import annotations

from dataclasses import dataclass

from chandlery.candles.series import Series
from chandlery.collect.backfill.plan import BackfillPlan
from chandlery.collect.report import Report
from chandlery.errors import RemoteError
from chandlery.store import Kept


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """One backfill of one series."""

    plan: BackfillPlan
    started_ms: int
    ended_ms: int
    files: int
    """Archive files of which candles were kept."""
    fetched_bytes: int
    """From the archive, checksum files and failed tries included."""
    pages: int
    """Requests to REST."""
    kept: Kept
    contradicted: int = 0
    """Candles of files that REST had given otherwise; REST's stay."""
    failure: RemoteError | None = None
    """What ended the backfill early; what was kept until then stays kept."""
    differences: tuple[str, ...] = ()
    """In what it went otherwise than planned, in words."""

    @property
    def series(self) -> Series:
        """What was backfilled."""
        return self.plan.series

    @property
    def ok(self) -> bool:
        """Whether everything that was wanted is now kept or known to be empty."""
        return self.failure is None

    def as_run(self) -> Report:
        """The same as the report of a collection, which the store keeps."""
        return Report(
            self.series,
            f"the whole history ({self.plan.wanted})",
            self.started_ms,
            self.ended_ms,
            self.pages,
            self.kept,
            failure=self.failure,
            notes=self.differences,
        )
