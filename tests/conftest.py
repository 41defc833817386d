"""What every test may use."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import hypothesis
import pytest

# How long an example takes tells of the machine, not of what is tried.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# Where nothing compiled is to be kept, each process would read and rewrite all tests anew, which
# takes ten seconds, and each program that a test starts would compile what it imports.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

LONGEST = (
    "test_outages",
    "test_crashes",
    "test_disk",
    "test_power_loss",
    "test_celery",
    "test_backfill_interrupted",
    "test_budget_proof",
    "test_serving",
    "test_topology",
    "test_thirty_days",
    "test_fold_crashes",
    "test_anyone",
    "test_page",
    "test_packaging",
    "test_files_written",
    "test_lake_s3",
    "test_working",
    "test_foreign_clients",
    "test_market_page",
    "test_deep",
)
"""Files that go first, so that at the end no processor waits for one of them."""

RECORDED = Path(__file__).parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; the order within a file stays."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded market data, which lives beside the checkout and not in it."""
    if not RECORDED.is_dir():
        pytest.skip("the recorded market data is not beside this checkout (../shared/data)")
    return RECORDED
