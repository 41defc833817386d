"""Candles of intervals that are not kept, as exact sums of smaller ones that are.

The sums of closed candles are remembered, in bounded memory, for as long as the candles that they
were made of are the same. Nothing here writes to the store.
"""
