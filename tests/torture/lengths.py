"""How long the experiments are: short within `make test`, at full length with `make torture`."""

from __future__ import annotations

import os
from typing import Final

import pytest

FULL: Final = os.environ.get("TORTURE") == "1"
"""Whether everything is tried at full length."""


AT_FULL_LENGTH: Final = pytest.mark.skipif(not FULL, reason="tried by `make torture`")
"""The mark of what is too long for every day."""


def scaled(*, short: int, full: int) -> int:
    """How often something is tried."""
    return full if FULL else short


def seeds(*, short: int, full: int) -> range:
    """The seeds of the runs; one that failed fails again, in either length."""
    return range(1, 1 + scaled(short=short, full=full))
