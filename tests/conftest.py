"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

LONGEST = (
    "test_thirty_days",
    "test_outages",
    "test_celery",
    "test_files",
    "test_backfill_interrupted",
    "test_fold_crashes",
    "test_page",
    "test_history",
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
