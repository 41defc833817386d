"""Random numbers that depend only on the seed and on what they are for, never on asking order."""

from __future__ import annotations

from zlib import crc32

import numpy as np


def dice(seed: int, purpose: str, block: int = 0) -> np.random.Generator:
    """The generator of one block of one purpose, such as `("BTCUSDT minutes", 7210)`."""
    return np.random.Generator(
        np.random.SFC64(np.random.SeedSequence([seed, crc32(purpose.encode()), block]))
    )
