"""Addresses as people may see them."""

from __future__ import annotations

import re
from typing import Final

_PARAMETER: Final = re.compile(
    r"(passw(?:or)?d|pwd|key|token|secret|sig(?:nature)?|auth)=[^&#\s]*", re.IGNORECASE
)
_PASSWORD: Final = re.compile(r"(^|//)([^/@:\s]*):(?!//)\S*@")
"""To the last `@`, because a password may hold one, and a `/` too, where a program takes it."""
_KEY: Final = re.compile(r"((?:https?|wss?)://)[^/@:\s]+@", re.IGNORECASE)
"""The user's name alone: services take a key for it."""


def without_secrets(url: str) -> str:
    """The URL without its user's password, and without passwords among its parameters."""
    hidden = _PARAMETER.sub(r"\1=***", url)
    return _KEY.sub(r"\1***@", _PASSWORD.sub(r"\1\2:***@", hidden))
