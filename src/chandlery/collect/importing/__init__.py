"""Bringing candles in from files.

What a file says is kept, but it proves nothing about what the exchange has: the ledger stays as it
is, so a later collection of the same time asks the exchange and corrects what differs.
"""

from chandlery.collect.importing.imported import WORDS, Imported, LeftOut, Told
from chandlery.collect.importing.naming import FilesFound, files_in
from chandlery.collect.importing.one_file import import_file

__all__ = ["WORDS", "FilesFound", "Imported", "LeftOut", "Told", "files_in", "import_file"]
