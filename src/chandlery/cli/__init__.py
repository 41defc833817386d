"""The `chandlery` command: translates words into calls and results into text, and nothing else.

One module per group of commands. Everything heavy is imported inside the commands, so that
`chandlery --help` answers at once.
"""

from chandlery.cli.main import main

__all__ = ["main"]
