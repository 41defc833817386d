"""What the indicators of the page must show, worked out from closes, highs and lows alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, pstdev

Values = Sequence[float]


def average(values: Values, period: int) -> float:
    """The mean of the last `period` values."""
    return fmean(values[-period:])


def exponential(values: Values, period: int) -> list[float]:
    """Exponential averages, begun with the plain average of the first `period` values."""
    found = [fmean(values[:period])]
    for value in values[period:]:
        found.append(found[-1] + (value - found[-1]) * 2 / (period + 1))
    return found


def bands(values: Values, period: int, deviations: float) -> tuple[float, float, float]:
    """Bollinger's upper, middle and lower band."""
    middle, spread = average(values, period), pstdev(values[-period:]) * deviations
    return middle + spread, middle, middle - spread


def macd(values: Values, fast: int, slow: int, signal: int) -> tuple[float, float, float]:
    """MACD, its signal, and the difference of the two."""
    quick, late = exponential(values, fast), exponential(values, slow)
    lines = [one - other for one, other in zip(quick[-len(late) :], late, strict=True)]
    smooth = exponential(lines, signal)[-1]
    return lines[-1], smooth, lines[-1] - smooth


def strength(values: Values, period: int) -> float:
    """Wilder's relative strength, from 0 to 100."""
    moves = [after - before for before, after in pairwise(values)]
    gain = fmean(max(move, 0.0) for move in moves[:period])
    loss = fmean(max(-move, 0.0) for move in moves[:period])
    for move in moves[period:]:
        gain = (gain * (period - 1) + max(move, 0.0)) / period
        loss = (loss * (period - 1) + max(-move, 0.0)) / period
    return 100.0 if loss == 0 else 100 - 100 / (1 + gain / loss)


def stochastic(
    candles: Sequence[tuple[float, float, float]], period: int, smoothing: int
) -> tuple[float, float, float]:
    """K, D and J of candles' highs, lows and closes; K and D are smoothed alike."""
    k = d = 50.0
    for end in range(period, len(candles) + 1):
        highs, lows, closes = zip(*candles[end - period : end], strict=True)
        raw = (closes[-1] - min(lows)) / ((max(highs) - min(lows)) or 1) * 100
        k = (k * (smoothing - 1) + raw) / smoothing
        d = (d * (smoothing - 1) + k) / smoothing
    return k, d, 3 * k - 2 * d
