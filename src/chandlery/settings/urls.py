"""Addresses as people may see them."""

from __future__ import annotations

import re


def without_secrets(url: str) -> str:
    """The URL without its user's password, and without passwords among its parameters."""
    hidden = re.sub(r"(?i)(passw(?:or)?d|pwd|key|token|secret)=[^&]*", r"\1=***", url)
    return re.sub(r"(^|//)([^/@:]*):[^/@]*@", r"\1\2:***@", hidden)
