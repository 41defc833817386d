"""What errors say of a disk: how much room it has, and what to do when it fails."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Final

FAILING: Final = os.strerror(errno.EIO)
"""The system's own words."""
MEND: Final = (
    "Its disk gives errors: look at the system's log, mend the disk or choose another place, "
    "then try again"
)


def free(path: Path) -> str:
    """How many megabytes the disk has free on which `path` stands, or shall stand, in words."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    return f"{shutil.disk_usage(there).free / 1e6:,.1f} MB are free"
