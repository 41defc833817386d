"""Candles that move: a stream's hints, reconciled over REST, told to whoever listens."""
