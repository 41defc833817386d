"""Candles as they come in, come out, and move from the hot tier to the cold one."""
