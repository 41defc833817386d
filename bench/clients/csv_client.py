"""What is left to do when a downloader has left CSV files: parse them and write Parquet.

`python -m bench.clients.csv_client FOLDER`; numbers become floats, one Parquet file for each CSV.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.clients.bare_archive_client import FLOATS, stored
from bench.clients.downloading import measured


def main() -> None:
    """Print what it took."""
    candles = 0
    with measured() as found:
        for path in sorted(Path(sys.argv[1]).rglob("*.csv")):
            candles += stored(path, FLOATS, path.with_suffix(".parquet")).height
    print(json.dumps(found | {"candles": candles}))


if __name__ == "__main__":
    main()
