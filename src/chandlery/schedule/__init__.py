"""When to collect: the loop that keeps series current inside one process.

It decides about time only; what collecting means is in `collect`.
"""
