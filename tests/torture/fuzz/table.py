"""All harnesses by name."""

from __future__ import annotations

from typing import Final

from tests.torture.fuzz import of_archives, of_exchanges, of_files, of_people, of_web
from tests.torture.fuzz.harness import Harness

HARNESSES: Final[dict[str, Harness]] = {
    harness.name: harness
    for part in (of_exchanges, of_archives, of_files, of_people, of_web)
    for harness in part.HARNESSES
}
