"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

RECORDED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded market data, which lives beside the checkout and not in it."""
    if not RECORDED.is_dir():
        pytest.skip("the recorded market data is not beside this checkout (../shared/data)")
    return RECORDED
