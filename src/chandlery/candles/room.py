"""How much room a disk has, for errors that speak of too little."""

from __future__ import annotations

import shutil
from pathlib import Path


def free(path: Path) -> str:
    """How many megabytes the disk has free on which `path` stands, or shall stand, in words."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    return f"{shutil.disk_usage(there).free / 1e6:,.1f} MB are free"
