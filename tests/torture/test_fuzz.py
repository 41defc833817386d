"""No input that nobody meant leads to an error that nobody planned: every parser of the program.

The short form feeds each its corpus and some hundred changed inputs. The full form feeds a million
under atheris, which sees which of them reach new code (`python -m tests.torture.fuzz` alone does
the same).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import polars as pl
import pytest

from chandlery.errors import BadAnswer
from tests.torture.fuzz.guided import INSTALL, Outcome, installed, run
from tests.torture.fuzz.harness import Harness, Panic, accepts
from tests.torture.fuzz.mutator import mutated
from tests.torture.fuzz.table import HARNESSES
from tests.torture.lengths import AT_FULL_LENGTH

SEED = 1
AT_ONCE = 2

Outcomes = Mapping[str, Future[Outcome]]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without settings."""
    for name in HARNESSES["settings_environment"].words:
        monkeypatch.delenv(f"CHANDLERY_{name.decode().upper()}", raising=False)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    """What becomes of each harness under atheris, two of them at a time."""
    if not installed():
        pytest.skip(INSTALL)
    artifacts = tmp_path_factory.mktemp("artifacts", numbered=False)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            name: pool.submit(run, name, runs=harness.runs, seed=SEED, artifacts=artifacts)
            for name, harness in HARNESSES.items()
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", HARNESSES)
def test_odd_inputs(name: str) -> None:
    """Whatever is fed, a parser takes it or raises an error of the tree."""
    harness = HARNESSES[name]
    for data in harness.corpus:
        feed(harness, data, "corpus")
    for seed in range(1, 1 + harness.short):
        chance = random.Random(f"{name} {seed}")  # noqa: S311  nobody has to guess it
        data = mutated(chance.choice(harness.corpus), chance, harness.words, harness.most_bytes)
        feed(harness, data, f"seed {seed}")


@AT_FULL_LENGTH
@pytest.mark.slow
@pytest.mark.parametrize("name", HARNESSES)
def test_guided(name: str, outcomes: Outcomes) -> None:
    """The same of a million inputs that look for code which none of them has reached before."""
    outcome = outcomes[name].result()
    print(outcome)  # noqa: T201  the figures of the report
    assert not outcome.defect, f"{name}, seed {SEED}: {outcome.defect}"
    assert outcome.runs >= HARNESSES[name].runs


@pytest.mark.parametrize("raised", [KeyError, RecursionError, pl.exceptions.PanicException])
def test_a_defect_is_one(raised: type[BaseException]) -> None:
    """A harness lets through what is not of the tree, and a panic; a planned refusal is none."""

    def feed_badly(data: bytes) -> None:
        raise raised(data) if data else BadAnswer("planned")

    harness = Harness("bad", feed_badly, (b"",))
    assert not accepts(harness, b"")
    with pytest.raises((raised, Panic)):
        accepts(harness, b"x")


def feed(harness: Harness, data: bytes, origin: str) -> None:
    """Feed one input; what goes wrong says which it was."""
    try:
        accepts(harness, data)
    except Exception as error:
        error.add_note(f"{harness.name}, {origin}: {data!r:.2000}")
        raise
