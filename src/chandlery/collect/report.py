"""What one collection asked, got and kept, as a record that doors print or pass on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import orjson

from chandlery.candles.series import Series
from chandlery.candles.span import Span, cover
from chandlery.clock import ms_to_text
from chandlery.errors import RemoteError
from chandlery.store import Kept


@dataclass(frozen=True, slots=True)
class CsvKept:
    """What was done to the CSV."""

    path: str
    rows: int
    added: int
    backup: str | None = None
    """Where the file of the first version was put, when there was one."""
    duplicates: int = 0
    """How many rows of that file stood again further down."""
    left_out: tuple[int, ...] = ()
    """Open times that stood unfinished in the file and that the exchange no longer gives."""


@dataclass(frozen=True, slots=True)
class Report:
    """One collection of one series. `asked` says in words what was wanted."""

    series: Series
    asked: str
    started_ms: int
    ended_ms: int
    requests: int
    kept: Kept
    got: Span | None = None
    """From the first to just after the last open time that came."""
    failure: RemoteError | None = None
    """What ended the collection early; what was kept until then stays kept."""
    notes: tuple[str, ...] = ()
    csv: CsvKept | None = None

    @property
    def ok(self) -> bool:
        """Whether everything that was asked is now kept."""
        return self.failure is None

    def followed_by(self, later: Report) -> Report:
        """This report with the requests, candles and failure of a later one added."""
        return replace(
            self,
            ended_ms=later.ended_ms,
            requests=self.requests + later.requests,
            kept=self.kept + later.kept,
            failure=later.failure,
            got=later.got if self.got is None or later.got is None else cover(self.got, later.got),
        )

    def as_dict(self) -> dict[str, object]:
        """The report in plain types, as JSON carries it."""
        return {
            "series": str(self.series),
            "asked": self.asked,
            "started": ms_to_text(self.started_ms),
            "seconds": round((self.ended_ms - self.started_ms) / 1000, 3),
            "requests": self.requests,
            "got": _words(self.got) if self.got else None,
            **asdict(self.kept),
            "error": str(self.failure) if self.failure else None,
            "error_kind": type(self.failure).__name__ if self.failure else None,
            "notes": list(self.notes),
            "csv": asdict(self.csv) if self.csv else None,
        }

    def to_json(self) -> str:
        """The report as one line of JSON."""
        return orjson.dumps(self.as_dict()).decode()


def _words(got: Span) -> str:
    """The first and the last open time that came."""
    return f"{ms_to_text(got.start)} to {ms_to_text(got.end - 1)}"
