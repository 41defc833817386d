"""Scripts for foreign clients; they run in an environment of their own, told only the address.

Each takes a base address and prints one JSON object of what it found.
"""
