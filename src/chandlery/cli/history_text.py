"""Plans, backfills, gaps and proofs as text for people and as plain types for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from chandlery.candles.series import Series
from chandlery.cli.console import megabytes
from chandlery.clock import ms_to_text
from chandlery.collect.backfill.plan import BackfillPlan
from chandlery.collect.backfill.recheck import Rechecked
from chandlery.collect.backfill.report import BackfillReport
from chandlery.collect.gaps import Gap
from chandlery.exchanges.archive import ArchiveFile
from chandlery.store import Kept, Proof

_FEW = 5


def plan_text(plan: BackfillPlan) -> str:
    """The lines of `chandlery plan`."""
    return "\n".join(_plan_lines(plan))


def _plan_lines(plan: BackfillPlan) -> Iterator[str]:
    if plan.is_empty:
        held = f"all is held, {plan.wanted}" if plan.is_held else "nothing to fetch"
        yield f"{plan.series}: {held}"
    else:
        yield f"{plan.series}: {plan.wanted}"
        yield f"  monthly files  {_files(plan.monthly)}"
        yield f"  daily files    {_files(plan.daily)}"
        yield f"  over REST      {_spans(plan)}"
        yield f"  requests       {plan.requests:,}: {_requests(plan)}"
        yield f"  candles        at most {plan.candles:,}"
        yield (
            f"  to fetch       {megabytes(plan.fetched_bytes)}; "
            f"on disk about {megabytes(plan.disk_bytes)}"
        )
        yield f"  expected time  {_duration(plan.seconds)}, at 10 MB and 15 pages a second"
    for text in plan.unobtainable:
        yield f"  not to be had  {text}"


def _requests(plan: BackfillPlan) -> str:
    parts = [f"two for each of {_count(len(plan.files), 'file')}"] if plan.files else []
    if plan.pages:
        of = f"{plan.price.weight_limit:,} a minute"
        parts.append(f"{_count(plan.pages, 'page')} of weight {plan.weight:,} (limit {of})")
    return " and ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _files(files: tuple[ArchiveFile, ...]) -> str:
    if not files:
        return "none"
    size = megabytes(sum(file.size for file in files))
    last = f" to {_name(files[-1])}" if len(files) > 1 else ""
    return f"{len(files):,}, {size}: {_name(files[0])}{last}"


def _name(file: ArchiveFile) -> str:
    return file.path.rpartition("/")[2]


def _spans(plan: BackfillPlan) -> str:
    if not plan.rest:
        return "nothing but the holes that files turn out to have"
    shown = ", ".join(str(span) for span in plan.rest[:_FEW])
    more = f" and {len(plan.rest) - _FEW:,} more" if len(plan.rest) > _FEW else ""
    holes = ", and the holes that files turn out to have" if plan.files else ""
    return f"{_count(plan.pages, 'page')}: {shown}{more}{holes}"


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "under a second"
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"  # noqa: PLR2004


def plan_dict(plan: BackfillPlan) -> dict[str, object]:
    """A plan in plain types."""
    return {
        "series": str(plan.series),
        "start_ms": plan.wanted.start,
        "end_ms": plan.wanted.end,
        "monthly": [_file_dict(file) for file in plan.monthly],
        "daily": [_file_dict(file) for file in plan.daily],
        "rest": [{"start_ms": span.start, "end_ms": span.end} for span in plan.rest],
        "pages": plan.pages,
        "requests": plan.requests,
        "weight": plan.weight,
        "bytes": plan.fetched_bytes,
        "candles": plan.candles,
        "disk_bytes": plan.disk_bytes,
        "seconds": round(plan.seconds, 1),
        "first_ms": plan.first_ms,
        "held": plan.is_held,
        "unobtainable": list(plan.unobtainable),
    }


def _file_dict(file: ArchiveFile) -> dict[str, object]:
    return {
        "path": file.path,
        "size": file.size,
        "start_ms": file.span.start,
        "end_ms": file.span.end,
    }


def backfill_text(report: BackfillReport) -> str:
    """The lines that tell what a backfill did."""
    seconds = (report.ended_ms - report.started_ms) / 1000
    lines = [
        (
            f"{report.series}: {_kept(report.kept)} ({_count(report.files, 'archive file')} with "
            f"{megabytes(report.fetched_bytes)}, {_count(report.pages, 'page')} over REST, "
            f"{seconds:.1f} s)"
        )
    ]
    if report.differences:
        lines += ["  otherwise than planned:", *(f"    {text}" for text in report.differences)]
    if report.failure is not None:
        lines.append(f"  not finished: {report.failure}")
        lines.append("  What has come is kept. Start it again: it goes on from here.")
    return "\n".join(lines)


def backfill_dict(report: BackfillReport) -> dict[str, object]:
    """What a backfill did, in plain types."""
    failure = report.failure
    return {
        "series": str(report.series),
        "started": ms_to_text(report.started_ms),
        "seconds": round((report.ended_ms - report.started_ms) / 1000, 3),
        "files": report.files,
        "bytes": report.fetched_bytes,
        "pages": report.pages,
        **asdict(report.kept),
        "contradicted": report.contradicted,
        "differences": list(report.differences),
        "error": str(failure) if failure else None,
        "error_kind": type(failure).__name__ if failure else None,
        "plan": plan_dict(report.plan),
    }


def rechecked_text(done: Rechecked) -> str:
    """What became of archive files that were looked at again."""
    lines = [
        (
            f"{done.series}: {_count(done.looked_at, 'archive file')} looked at, "
            f"{len(done.reissued):,} re-issued"
        )
    ]
    if done.reissued:
        lines[0] += f": {_kept(done.kept)}, {done.contradicted:,} otherwise than REST gave them"
    lines += [f"  re-issued: {path}" for path in done.reissued]
    lines += [f"  gone from the archive; its candles stay: {path}" for path in done.gone]
    lines += [f"  failed: {text}" for text in done.failures]
    return "\n".join(lines)


def rechecked_dict(done: Rechecked) -> dict[str, object]:
    """The same in plain types."""
    return asdict(done) | {"series": str(done.series)}


def gap_text(gap: Gap) -> str:
    """One gap with its reason and evidence."""
    count = "" if gap.candles is None else _count(gap.candles, "candle")
    since = "the beginning of time" if not gap.span.start else ms_to_text(gap.span.start)
    lines = [f"{since:<23} to {ms_to_text(gap.span.end):<23} {count:>16}  {gap.reason}"]
    if gap.asked_ms is not None:
        asked = ms_to_text(gap.asked_ms - gap.asked_ms % 1000)
        lines.append(f"    asked {asked} by {gap.source} {gap.request}".rstrip())
    if gap.error:
        lines.append(f"    {_tries(gap.tries)}: {gap.error}")
    return "\n".join(lines)


def _tries(tries: int) -> str:
    return "one try" if tries == 1 else f"{tries} tries, the last"


def gaps_text(series: Series, found: Sequence[Gap]) -> str:
    """How many gaps a series has inside, in one line."""
    inside = [gap for gap in found if gap.candles and gap.inside]
    total = sum(gap.candles or 0 for gap in inside)
    return f"{series}: {_count(len(inside), 'gap')}, {_count(total, 'candle')} missing"


def gap_dict(series: Series, gap: Gap) -> dict[str, object]:
    """The same in plain types."""
    values = asdict(gap)
    del values["span"]
    span = {"start_ms": gap.span.start, "end_ms": gap.span.end}
    return {"series": str(series), **span, **values}


def proof_text(proof: Proof, seconds: float) -> str:
    """What `chandlery verify` found."""
    verdict = "agree" if proof.holds else "DISAGREE"
    lines = [
        (
            f"{proof.series}: ledger, catalogue and candles {verdict}; {proof.candles:,} candles "
            f"recounted in {seconds:.2f} s, {proof.empty:,} places empty at the exchange, "
            f"{proof.failed:,} failed, {proof.unasked:,} never asked: "
            f"{_percent(proof.accounted)} accounted for"
        )
    ]
    lines += [f"  lost: the ledger says stored, no candle is there: {span}" for span in proof.lost]
    lines += [f"  surplus: the ledger says empty, a candle is there: {at}" for at in proof.surplus]
    lines += [f"  {text}" for text in proof.miscounted]
    return "\n".join(lines)


def _percent(share: float) -> str:
    """Never rounded up to 100 %."""
    return "100 %" if share == 1 else f"{int(share * 10_000) / 100:.2f} %"


def proof_dict(proof: Proof, seconds: float) -> dict[str, object]:
    """The same in plain types."""
    return asdict(proof) | {
        "series": str(proof.series),
        "holds": proof.holds,
        "accounted": proof.accounted,
        "seconds": round(seconds, 3),
    }


def _kept(kept: Kept) -> str:
    return f"{kept.new:,} new, {kept.unchanged:,} unchanged, {kept.revised:,} revised"
