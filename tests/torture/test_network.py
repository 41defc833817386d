"""The network at its worst: answers that break at any byte, do not end, or are something else."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from chandlery.candles.interval import HOUR_MS
from chandlery.clock import SystemClock, ms_to_datetime
from chandlery.errors import ChandleryError, RemoteError, Unreachable
from chandlery.sandbox import FaultKind, Sandbox
from chandlery.transport.budget import MinuteBudget
from chandlery.transport.request import Request
from chandlery.transport.retry import RetryPolicy
from chandlery.transport.sender import Sender
from chandlery.transport.service import MANNERS, Manners, Service
from tests.collect.rehearsal import EARLY_MS, SOL, Rehearsal, rehearsing
from tests.torture.lengths import scaled
from tests.torture.wire_mirror import (
    FORMS,
    Deed,
    End,
    Form,
    Mirror,
    head,
    mirrored,
    pouring,
    saying,
    whole,
)
from tests.transport.scripted import nobody
from tests.waiting import within

LAST: Final = 8
MEGABYTE: Final = 1 << 20
HASTY: Final = replace(
    MANNERS,
    retry=RetryPolicy(attempts=1),
    timeouts=replace(MANNERS.timeouts, connect=2.0, read=1.0, whole=0.15),
)


@pytest.fixture(scope="module")
def mirror(box: Sandbox) -> Iterator[Mirror]:
    """A host in front of it."""
    with mirrored(box.binance_url) as running:
        yield running


def sent(url: str, *, manners: Manners = HASTY, path: str = "/klines") -> bytes:
    """Ask a host once, in real time."""
    clock = SystemClock()
    service = Service(name="Exchange", urls=[url], setting="EXCHANGE_URL")
    with Sender(service, clock=clock, budget=MinuteBudget(clock), manners=manners) as sender:
        return sender.send(Request(path)).body


def is_kept(desk: Rehearsal) -> bool:
    """Whether the newest closed candles are those that the exchange serves now."""
    held = desk.held(SOL)
    served = desk.served(SOL, until_ms=desk.box.clock.now_ms())
    return held.equals(served.tail(held.height)) and held.height >= LAST - 1


@pytest.mark.parametrize("end", ["reset", "close"])
@pytest.mark.parametrize("form", FORMS)
def test_broken_at_any_byte(
    box: Sandbox, mirror: Mirror, tmp_path: Path, form: Form, end: End
) -> None:
    """An answer that breaks after any byte, in whatever form, is asked again and kept whole."""
    with rehearsing(box, tmp_path, now_ms=EARLY_MS, binance_url=mirror.url) as desk:
        mirror.cut(form, 1 << 20, "go on" if form != "until-close" else "close")
        desk.keeper.collect(SOL, last=LAST)
        size = len(whole(_body(mirror, desk), form))
        step = max(1, size // scaled(short=6, full=size))
        for at in range(0, size, step):
            mirror.cut(form, at, end)
            mirror.asked.clear()
            report = desk.keeper.collect(SOL, last=LAST)
            assert report.ok, (at, report.failure)
            # Without the line ends after its last, empty chunk an answer is whole all the same.
            tries = {1, 2} if form == "chunked" and at >= size - 4 else {2}
            assert len([one for one in mirror.asked if "klines" in one]) in tries, at
            assert (report.kept.new, report.kept.revised) == (0, 0), at
        assert is_kept(desk)


def _body(mirror: Mirror, desk: Rehearsal) -> bytes:
    """What the answer is that is cut."""
    seen: list[bytes] = []
    before = mirror.plan

    def plan(target: str, head: bytes, body: bytes) -> Deed:
        seen.append(body)
        return before(target, head, body)

    mirror.plan = plan
    desk.keeper.collect(SOL, last=LAST)
    return seen[-1]


def chunked(start: bytes) -> bytes:
    """The head of an answer in chunks, and its first ones."""
    return head(200, {"Transfer-Encoding": "chunked"}) + start


GZIP: Final = head(200, {"Content-Encoding": "gzip", "Connection": "close"})
ENDLESS: Final[dict[str, tuple[bytes, bytes]]] = {
    "a status line": (b"HTTP/1.1 200 ", b"K" * 900),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-Header: 1\r\n" * 90),
    "hints that it goes on": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 90),
    "a body": (head(200, {"Content-Length": str(10**18)}), b"1" * 9000),
    "the length of a chunk": (chunked(b""), b"0" * 900),
    "small chunks": (chunked(b""), b"1\r\n1\r\n" * 90),
    "what follows the last chunk": (chunked(b"2\r\n[]\r\n0\r\n"), b"X-Header: 1\r\n" * 90),
    "the name in a gzip": (GZIP + b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff", b"n" * 900),
    "empty blocks in a gzip": (
        GZIP + b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff",
        b"\x00\x00\x00\xff\xff" * 900,
    ),
}
"""How an answer begins, and what then comes without end."""


@pytest.mark.parametrize("pause", [0.03, 0.0], ids=["slow", "fast"])
@pytest.mark.parametrize("what", ENDLESS)
def test_without_end(what: str, pause: float) -> None:
    """What never ends, a byte now and then or all at once, ends with the time for an answer."""
    with (
        pouring(*ENDLESS[what], pause=pause) as url,
        pytest.raises(RemoteError) as caught,
        within(HASTY.timeouts.whole + 1.5),
    ):
        sent(url)
    assert "Traceback" not in str(caught.value)
    assert len(str(caught.value)) < 500


ODD: Final[dict[str, bytes]] = {
    "a length that nothing has": head(200, {"Content-Length": str(10**18)}) + b"[]",
    "a negative length": head(200, {"Content-Length": "-5"}) + b"[]",
    "a length in words": head(200, {"Content-Length": "two"}) + b"[]",
    "two lengths": head(200, {"Content-Length": "2, 7"}) + b"[]",
    "a length of 5000 digits": head(200, {"Content-Length": "9" * 5000}) + b"[]",
    "a chunk of an exabyte": chunked(b"fffffffffffffff\r\n[]"),
    "a chunk of a negative length": chunked(b"-2\r\n[]\r\n0\r\n\r\n"),
    "a chunk in words": chunked(b"two\r\n[]\r\n0\r\n\r\n"),
    "nothing": b"",
    "an empty line": b"\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "another version": b"HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    "a status of words": b"HTTP/1.1 fine\r\n\r\n[]",
    "a status of -1": b"HTTP/1.1 -1 OK\r\n\r\n[]",
    "a status of 999": head(999, {"Content-Length": "2"}) + b"[]",
    "101": head(101, {}) + b"[]",
    "204": head(204, {}),
    "206": head(206, {"Content-Length": "2"}) + b"[]",
    "304": head(304, {}),
    "a thousand headers": head(200, {f"X-{n}": "1" for n in range(1000)}) + b"[]",
    "a header of a megabyte": head(200, {"X": "1" * MEGABYTE}) + b"[]",
    "headers that are none": b"HTTP/1.1 200 OK\r\nnonsense\r\n: x\r\n\x00: \xff\r\n\r\n[]",
    "an unknown packing": head(200, {"Content-Encoding": "zork", "Content-Length": "2"}) + b"[]",
    "packed sixty times": head(200, {"Content-Encoding": ", ".join(["gzip"] * 60)}) + b"[]",
    "no gzip": head(200, {"Content-Encoding": "gzip", "Content-Length": "2"}) + b"[]",
    "no deflate": head(200, {"Content-Encoding": "deflate", "Content-Length": "2"}) + b"\xff\xff",
    "half a gzip": GZIP + b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x8b",
    "a redirect to nowhere": head(302, {"Location": "\x00", "Content-Length": "0"}),
    "a date of words": head(429, {"Retry-After": "Someday, 99 Foo", "Content-Length": "0"}),
    "a wait without end": head(429, {"Retry-After": "9" * 400, "Content-Length": "0"}),
}


@pytest.mark.parametrize("what", ODD)
def test_odd_answers(what: str) -> None:
    """What HTTP does not allow becomes an error in our words, or the body that was meant."""
    with saying(ODD[what]) as url, within(2):
        said = _said(url)
    assert said in {b"[]", b""} or (isinstance(said, str) and 20 < len(said) < 600)


def _said(url: str) -> bytes | str:
    """The body that a host sends, or our words for what it sends in place of one."""
    try:
        return sent(url, manners=replace(HASTY, patience=0.0))
    except RemoteError as error:
        return str(error)


OUTAGES: Final[tuple[FaultKind, ...]] = (
    "5xx", "429", "418", "451", "redirect", "text", "reset-mid-body",
    "html", "403", "empty", "garbled", "truncated", "reset",
)  # fmt: skip


@pytest.mark.parametrize("kind", OUTAGES[: scaled(short=5, full=len(OUTAGES))])
def test_an_hour_of(box: Sandbox, tmp_path: Path, kind: FaultKind) -> None:
    """An hour in which nothing else is answered costs few requests and no candle."""
    with rehearsing(box, tmp_path, now_ms=EARLY_MS) as desk:
        assert desk.keeper.collect(SOL, last=LAST).ok
        desk.keeper.clock.sleep(1)
        begun_ms = desk.keeper.clock.now_ms()
        box.requests.clear()
        box.faults.always(kind, service="binance")
        since = ms_to_datetime(EARLY_MS - LAST * HOUR_MS)
        while desk.keeper.clock.now_ms() < begun_ms + HOUR_MS:
            report = desk.keeper.collect(SOL, since=since)
            assert isinstance(report.failure, RemoteError)
            assert desk.keeper.store.runs.latest(None, 1)[0].outcome == "failed"
            desk.keeper.clock.sleep(600)
        assert len(box.requests.log()) <= 7 * 8
        box.faults.clear()
        desk.keeper.clock.sleep(600)
        assert desk.keeper.collect(SOL, since=since).ok
        assert desk.keeper.status().exchange_error is None
        assert is_kept(desk)
        assert not [gap for gap in desk.keeper.gaps(SOL) if gap.inside and gap.candles]
        assert desk.keeper.prove(SOL).holds


def test_half_of_the_hosts_are_dead(box: Sandbox, tmp_path: Path) -> None:
    """Of four hosts one refuses, one has no name, one is silent after a byte, and one serves."""
    with nobody() as dead, mirrored(box.binance_url) as broken:
        broken.plan = lambda *_: Deed(b"H", "close")
        urls = f"{dead},http://nowhere.invalid,{broken.url},{box.binance_url}"
        with rehearsing(box, tmp_path, now_ms=EARLY_MS, binance_url=urls) as desk:
            for _ in range(5):
                desk.keeper.clock.sleep(3600)
                assert desk.keeper.collect(SOL, last=LAST).ok
            assert is_kept(desk)
        assert len(broken.asked) == 1, "the host that served is asked first from then on"


def test_a_name_that_does_not_resolve(box: Sandbox, tmp_path: Path) -> None:
    """Where there is no such name, that is what is said, and what to do."""
    with rehearsing(box, tmp_path, now_ms=EARLY_MS, binance_url="http://nowhere.invalid") as desk:
        failure = desk.keeper.collect(SOL, last=LAST).failure
    assert isinstance(failure, Unreachable)
    assert "nowhere.invalid: its name could not be resolved" in str(failure)
    assert "CHANDLERY_BINANCE_URL" in str(failure)


def test_connections_that_end_between_requests(box: Sandbox, tmp_path: Path) -> None:
    """A server that says nothing of it and ends every connection after an answer costs nothing."""
    with mirrored(box.binance_url) as mirror:
        mirror.plan = lambda _, __, body: Deed(whole(body, "length"), "close")
        with rehearsing(box, tmp_path, now_ms=EARLY_MS, binance_url=mirror.url) as desk:
            for _ in range(10):
                assert desk.keeper.collect(SOL, last=LAST).ok
            assert is_kept(desk)
            # Where the end is not known yet when the next question is sent, it is asked again.
            assert desk.keeper.clock.now_ms() < EARLY_MS + 10_000


def test_keys_follow_no_redirect(box: Sandbox, tmp_path: Path) -> None:
    """A redirect is an error that says so; the host that it names hears nothing, least of a key."""
    with mirrored(box.coingecko_url) as here, mirrored(box.coingecko_url) as there:
        moved = {"Location": f"{there.url}/coins/markets", "Content-Length": "0"}
        here.plan = lambda *_: Deed(head(307, moved))
        asked = {"coingecko_url": f"{here.url}", "coingecko_key": "CG-secret-key"}
        with rehearsing(box, tmp_path, now_ms=EARLY_MS, **asked) as desk:
            failure = desk.keeper.refresh_market_caps()
            assert "redirects are not followed" in str(failure)
            assert "CG-secret-key" not in str(failure)
        assert (len(here.asked), there.asked) == (4, [])


@pytest.mark.parametrize("service", ["binance", "archive", "coingecko"][: scaled(short=2, full=3)])
def test_bombs_are_bounded(box: Sandbox, tmp_path: Path, service: str) -> None:
    """A megabyte that unpacks to a gigabyte takes no more memory than the largest true answer."""
    with rehearsing(box, tmp_path, now_ms=EARLY_MS) as desk:
        assert desk.keeper.collect(SOL, last=LAST).ok
        box.faults.always("bomb", service=service, path="" if service != "binance" else "klines")
        tracemalloc.start()
        try:
            failure: ChandleryError | str | None
            if service == "binance":
                failure = desk.keeper.collect(SOL, last=LAST).failure
            elif service == "coingecko":
                failure = desk.keeper.refresh_market_caps()
            else:
                report = desk.keeper.backfill(SOL)
                assert report.ok
                failure = " ".join((*report.differences, *report.plan.unobtainable))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            box.faults.clear()
        assert "larger than" in str(failure)
        assert peak < 100 * MEGABYTE
        assert desk.keeper.collect(SOL, last=LAST).ok
        assert is_kept(desk)
