"""The story: plan what is missing, fetch it, keep it, report.

Doors call this package and print what it returns; it prints nothing itself.
"""
