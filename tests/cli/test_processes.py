"""Each command once as a process of its own: it says the same there as within another program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest

from chandlery.sandbox import Sandbox
from tests.cli.conftest import Shell
from tests.collect.rehearsal import NOW_MS, SOL

pytestmark = pytest.mark.slow

COMMANDS: Final = (
    ("plan", SOL),
    ("keep", SOL),
    ("gaps", SOL),
    ("verify",),
    ("export", SOL, "--to", "out.csv"),
    ("import", "out.csv", "--series", SOL),
    ("resample", SOL, "1d", "--last", "3"),
    ("caps",),
    ("results",),
    ("settings",),
    ("plan", "SOLUSDT"),
)
"""In an order in which each finds what it needs. All others start as processes elsewhere."""
NUMBER: Final = re.compile(r"[\d.,:]+")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange, ten weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=NOW_MS, speed=0) as running:
        yield running


def test_every_command(tmp_path_factory: pytest.TempPathFactory, box: Sandbox) -> None:
    """Exit code, stdout and stderr are the same, but for what the clock changes."""
    urls = {name.removeprefix("CHANDLERY_"): url for name, url in box.addresses.items()}
    here, there = (Shell(tmp_path_factory.mktemp("place") / "x", dict(urls)) for _ in range(2))
    for shell in (here, there):
        shell.folder.mkdir()
        assert shell.chandlery("collect", SOL, "--last", "50").returncode == 0
    for words in COMMANDS:
        inside, apart = here.chandlery(*words), there.process(*words)
        assert inside.returncode == apart.returncode, (words, apart.stderr)
        for one, other in ((inside.stdout, apart.stdout), (inside.stderr, apart.stderr)):
            assert said(one, here) == said(other, there), words


def said(text: str, shell: Shell) -> list[str]:
    """The words of each line, without what the clock and the place change."""
    lines = text.replace(str(shell.folder), "HERE").splitlines()
    return [NUMBER.sub("0", " ".join(line.split())) for line in lines]
