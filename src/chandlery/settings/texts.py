"""What no text may hold that people give us, as a setting or as a question."""

from __future__ import annotations


def without_zero(value: object) -> object:
    """The value. Raises `ValueError` for a text with the character zero.

    No path and no address has it, and PostgreSQL has no such text.
    """
    if isinstance(value, str) and "\0" in value:
        msg = "may not hold the character zero"
        raise ValueError(msg)
    return value
