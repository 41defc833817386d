"""What a status means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chandlery.errors import BadAnswer, Blocked, RateLimited, RemoteError, ServerFault
from chandlery.transport.request import Answer, Request
from chandlery.transport.verdict import LONGEST_WAIT, excerpt, judge, retry_after

ASKED = Request("/x")
NOW_MS = 1_700_000_000_000


def answered(status: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer with these headers (underscores for hyphens)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, body, "http://h/x", NOW_MS, NOW_MS, 0, 0)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, RateLimited),
        (418, RateLimited),
        (451, Blocked),
        (403, Blocked),
        (500, ServerFault),
        (599, ServerFault),
        (408, ServerFault),
        (301, BadAnswer),
        (304, BadAnswer),
        (101, BadAnswer),
    ],
)
def test_kinds(status: int, kind: type[RemoteError]) -> None:
    """Each kind of status becomes its kind of error, whose text names the status."""
    with pytest.raises(kind, match=str(status)):
        judge(answered(status), ASKED)


@pytest.mark.parametrize("status", [200, 204, 400, 401, 404, 422])
def test_for_the_caller(status: int) -> None:
    """Answers and coded refusals are the caller's to read."""
    judge(answered(status), ASKED)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (answered(429, retry_after="17"), 17),
        (answered(429, retry_after=" 0 "), 1),
        (answered(429, retry_after="0.5"), 1),
        (answered(429), 60),
        (answered(418), 120),
        (answered(429, retry_after="soon"), 60),
        (answered(429, retry_after="-3"), 60),
        (answered(429, retry_after="nan"), 60),
        (answered(429, retry_after="999999999"), LONGEST_WAIT),
        (answered(429, retry_after="Tue, 14 Nov 2023 22:13:50 GMT"), 30),
        (answered(429, retry_after="Tue, 14 Nov 2000 22:13:50 GMT"), 1),
        (answered(418, b"... IP banned until 1700000300000. Please"), 300),
        (answered(418, b"... until 1700000300000.", retry_after="5"), 5),
    ],
)
def test_retry_after(answer: Answer, seconds: float) -> None:
    """The header says how long, as seconds or a date; else the body; else a safe default."""
    assert retry_after(answer) == seconds


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{\n  "code": 0,\n  "msg": "Not \\"here\\"."\n}', ' (Not \\"here\\".)'),
        (b'{"status":{"error_code":1,"error_message":"Slow."}}', " (Slow.)"),
        (b"plain  words", " (plain words)"),
        (b"<!DOCTYPE html>", " (a web page, not data)"),
        (b" \n", " (empty)"),
        (b"\xff", " (\ufffd)"),
        (b"x" * 300, f" ({'x' * 200}…)"),
    ],
)
def test_excerpt(body: bytes, shown: str) -> None:
    """A message shows the sentence for people, or the beginning of the text, in one line."""
    assert excerpt(answered(500, body), ASKED) == shown


@settings(deadline=None)
@given(st.text(max_size=40), st.binary(max_size=80))
def test_any_header(header: str, body: bytes) -> None:
    """Whatever stands in header and body, the wait is a sensible number."""
    assert 1 <= retry_after(answered(429, body, retry_after=header)) <= LONGEST_WAIT


def test_recorded_errors(recorded: Path) -> None:
    """The recorded ban, region and rate-limit answers are read as what they are."""
    kinds = {418: RateLimited, 429: RateLimited, 451: Blocked}
    told = json.loads((recorded / "errors.json").read_text())
    seen = set()
    for entry in told:
        answer = answered(entry["http_status"], entry["body"].encode())
        if answer.status in kinds:
            seen.add(answer.status)
            with pytest.raises(kinds[answer.status]):
                judge(answer, ASKED)
    assert seen == set(kinds)


def test_excerpt_is_printable() -> None:
    """What a server says cannot steer the terminal on which it is shown."""
    assert excerpt(answered(500, b"\x1b]0;owned\x07"), ASKED) == r" (\x1b]0;owned\x07)"
