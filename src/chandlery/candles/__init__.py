"""Candles and what can be known of them without asking anybody.

Everything here is pure: no network, no store, no clock. Times are epoch milliseconds (UTC) in
records and `Datetime("ms", "UTC")` in frames.
"""
