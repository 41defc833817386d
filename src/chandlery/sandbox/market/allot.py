"""Exact division: whole numbers split among children so that the parts sum to the whole."""

from __future__ import annotations

from typing import Final

import numpy as np

from chandlery.sandbox.market.bars import Floats, Ints

_NEWTON_STEPS: Final = 6
_STEEPEST: Final = 40.0


def allot(totals: Ints, weights: Floats) -> Ints:
    """Split `totals` (shape P) among K children by `weights` (P, K); returns whole numbers (P, K).

    The running sum is rounded, not each share, so every row sums exactly to its total, and a child
    of weight 0 gets 0. A row whose weights are all 0 gives everything to its first child.
    """
    running = np.cumsum(weights, axis=1)
    whole = running[:, -1:]
    empty = whole[:, 0] <= 0
    running /= np.where(whole > 0, whole, 1.0)
    running[empty] = 1.0
    rounded = np.rint(running * totals[:, None]).astype(np.int64)
    rounded = np.where(running >= 1.0, totals[:, None], rounded)
    return np.diff(rounded, axis=1, prepend=0)


def sample(totals: Ints, weights: Floats, offsets: Floats) -> Ints:
    """The same with a random `offsets` (P) in [0, 1): rare counts fall on random children."""
    running = np.cumsum(weights, axis=1)
    whole = running[:, -1:]
    running /= np.where(whole > 0, whole, 1.0)
    counted = np.floor(running * totals[:, None] + offsets[:, None]).astype(np.int64)
    counted = np.where(running >= 1.0, totals[:, None], counted)
    return np.diff(counted, axis=1, prepend=0)


def tilt(weights: Floats, places: Floats, wanted: Floats) -> Floats:
    """Bend `weights` (P, K) so that the weighted mean of `places` (P, K, in 0..1) is `wanted` (P).

    The weights are multiplied by exp(theta * place); theta is found by Newton's method. A mean
    that no weights could give is approached as far as is sensible.
    """
    used = weights > 0
    lowest = np.where(used, places, 1.0).min(axis=1)
    highest = np.where(used, places, 0.0).max(axis=1)
    margin = 0.02 * (highest - lowest)
    goal = np.clip(wanted, lowest + margin, highest - margin)[:, None]
    offset = places - goal
    theta = np.zeros_like(goal)
    for _ in range(_NEWTON_STEPS):
        bent = weights * np.exp(theta * offset)
        slope = (bent * offset**2).sum(axis=1, keepdims=True)
        miss = (bent * offset).sum(axis=1, keepdims=True)
        step = np.divide(miss, slope, out=np.zeros_like(miss), where=slope > 0)
        theta = np.clip(theta - np.clip(step, -8.0, 8.0), -_STEEPEST, _STEEPEST)
    return weights * np.exp(theta * offset)
