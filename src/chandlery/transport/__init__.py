"""How requests go out over the network: paced, retried, with errors in our own words.

Knows HTTP and nothing of candles or exchanges; the packages above say whom to ask and for what.
Synchronous, thread-safe, without threads of its own, so that it runs in any worker pool.
"""
