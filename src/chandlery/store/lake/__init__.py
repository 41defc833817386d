"""The cold tier: Delta tables of older candles, in a folder or an object store."""
