"""What is known of every span of a series, and the proof of it from the candles."""
