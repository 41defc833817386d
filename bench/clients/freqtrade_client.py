"""freqtrade's way to a frame, as its documentation shows it; print the seconds of each round.

`python -m bench.clients.freqtrade_client FOLDER ROUNDS`; the folder is one that
`chandlery export --format freqtrade` has made. A first round is not counted.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

# Lives in .venv-freqtrade alone.
from freqtrade.data.history import load_pair_history  # type: ignore[import-not-found]
from freqtrade.enums import CandleType  # type: ignore[import-not-found]


def main() -> None:
    """Print how many candles there are, and what each load took."""
    folder, rounds = sys.argv[1:]
    took, candles = [], 0
    for _ in range(int(rounds) + 1):
        began = time.perf_counter()
        frame = load_pair_history(
            pair="BTC/USDT",
            timeframe="1m",
            datadir=Path(folder),
            data_format="feather",
            candle_type=CandleType.SPOT,
            fill_up_missing=False,  # by default it takes half as long again
        )
        took.append(time.perf_counter() - began)
        candles = len(frame)
    print(json.dumps({"candles": candles, "seconds": took[1:]}))


if __name__ == "__main__":
    main()
