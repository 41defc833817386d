"""`python -m tests.torture.fuzz.fuzzed NAME [libFuzzer's options] FOLDER`: what `guided` starts."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["chandlery"], enable_loader_override=False):
    from tests.torture.fuzz.harness import Harness, accepts
    from tests.torture.fuzz.mutator import mutated
    from tests.torture.fuzz.table import HARNESSES


def main(name: str, options: list[str], corpus: Path) -> None:
    """Never returns: libFuzzer ends the process. What reaches new code is added to `corpus`."""
    harness = HARNESSES[name]
    for number, data in enumerate(harness.corpus):
        corpus.joinpath(f"{number:03}").write_bytes(data)

    def feed(data: bytes) -> None:
        accepts(harness, data)

    arguments = [sys.argv[0], *options, f"-max_len={harness.most_bytes}", f"{corpus}"]
    atheris.Setup(arguments, feed, custom_mutator=_mutator(harness))
    atheris.Fuzz()


def _mutator(harness: Harness) -> Any:  # noqa: ANN401  atheris has no types
    """Every other time libFuzzer's own way of changing bytes, else ours, which knows words."""

    def mutator(data: bytes, most_bytes: int, seed: int) -> bytes:
        if seed % 2:
            return bytes(atheris.Mutate(data, most_bytes))
        chance = random.Random(seed)  # noqa: S311  nobody has to guess it
        return mutated(data, chance, harness.words, most_bytes)

    return mutator


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:-1], Path(sys.argv[-1]))
