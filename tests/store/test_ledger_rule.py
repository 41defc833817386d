"""The rule of the ledger, against a plain model: what was said last of each moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.span import Span, merge
from chandlery.store import Entry, State
from chandlery.store.ledger.rule import answered, failed, overridden
from chandlery.store.records import ANSWERED

SPANS = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda t: Span(t[0], sum(t)))


UNANSWERED: tuple[State, ...] = ("failed", "unpublished")


@dataclass
class Said:
    """One answer with its holes, or one failure."""

    span: Span
    state: State
    holes: list[Span] = field(default_factory=list)


SAID = st.one_of(
    st.builds(Said, SPANS, st.just("stored"), st.lists(SPANS, max_size=3)),
    st.builds(Said, SPANS, st.sampled_from(UNANSWERED)),
)


def apply(old: list[Entry], said: Said, number: int) -> list[Entry]:
    """The ledger after one more word, which came as question `number`."""
    if said.state == "stored":
        asked = Entry(said.span, "stored", number, "rest", f"q{number}")
        inside = merge(hole for one in said.holes if (hole := one.intersect(said.span)))
        return overridden(old, answered(asked, inside))
    failure = Entry(said.span, said.state, number, "rest", f"q{number}", error="no")
    return overridden(old, failed(old, failure))


def model(words: list[Said]) -> dict[int, str]:
    """The state of each moment: the latest word, but a failure does not undo an answer."""
    known: dict[int, str] = {}
    for said in words:
        for ms in range(said.span.start, said.span.end):
            if said.state == "stored":
                empty = any(ms in hole for hole in said.holes)
                known[ms] = "empty" if empty else "stored"
            elif known.get(ms) not in ANSWERED:
                known[ms] = said.state
    return known


def ledger(words: list[Said]) -> list[Entry]:
    """What the rule makes of all words."""
    entries: list[Entry] = []
    for number, said in enumerate(words):
        entries = apply(entries, said, number)
    return entries


@given(words=st.lists(SAID, max_size=10))
def test_any_words(words: list[Said]) -> None:
    """Entries ascend, do not overlap, and say of each moment what was said of it last."""
    entries = ledger(words)
    assert all(one.span.end <= other.span.start for one, other in pairwise(entries))
    states = {ms: one.state for one in entries for ms in range(one.span.start, one.span.end)}
    assert states == model(words)


@given(words=st.lists(SAID, max_size=10))
def test_as_few_stored_entries_as_can_be(words: list[Said]) -> None:
    """Stored time that touches is one entry."""
    for one, other in pairwise(ledger(words)):
        touching = one.span.end == other.span.start
        assert not (touching and one.state == other.state == "stored")


@given(words=st.lists(SAID, max_size=6), last=SAID)
def test_the_same_word_again_changes_no_state(words: list[Said], last: Said) -> None:
    """Hearing it a second time leaves every state and every span of an answer as they were."""
    once = ledger([*words, last])
    again = apply(once, last, len(words))
    assert [replace(one, tries=0) for one in again] == [replace(one, tries=0) for one in once]


@given(spans=st.lists(SPANS, min_size=1, max_size=5))
def test_tries_only_grow(spans: list[Span]) -> None:
    """A failure has one try more than the most tried of what it overlaps, and at most one each."""
    words = [Said(span, "failed") for span in spans]
    *before, last = spans
    tries = [one.tries for one in ledger(words[:-1]) if one.span.intersect(last)]
    (newest,) = [one for one in ledger(words) if one.request == f"q{len(before)}"]
    assert newest.span == last
    assert newest.tries == max(tries, default=0) + 1


def test_an_answer_ends_a_failure() -> None:
    """Only the time that was answered stops being failed; the rest keeps its tries."""
    words = [Said(Span(0, 9), "failed"), Said(Span(0, 9), "failed"), Said(Span(3, 5), "stored")]
    found = [(one.span, one.state, one.tries) for one in ledger(words)]
    assert found == [
        (Span(0, 3), "failed", 2),
        (Span(3, 5), "stored", 1),
        (Span(5, 9), "failed", 2),
    ]
