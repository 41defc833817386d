"""Backfill: the whole history of a series, archive files first, REST for what they leave.

What has to be done follows from the ledger each time anew, so that an interrupted backfill goes
on where it was.
"""
