"""Canaries: invented secrets that are looked for in everything that was written, in every form."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

_PLACES: Final = (
    *("api", "archive", "stream", "coins", "key", "token", "store", "broker", "results"),
    *("budget", "lake", "query"),
)
CANARIES: Final = {name: f"kanari/+@{name}=seed{at:02}" for at, name in enumerate(_PLACES)}
"""By what they open. With signs that a URL writes in another way, and Base64 too."""


def in_url(name: str) -> str:
    """The canary as an address has it."""
    return quote(CANARIES[name], safe="")


def seen_in(text: bytes) -> list[str]:
    """Which canaries stand there, and in which form."""
    return [f"{name} as {form}" for name, form, bird in _forms() if bird in text]


def seen_in_files(folder: Path) -> dict[str, list[str]]:
    """Which canaries stand in which file of a folder, at any depth."""
    files = (path for path in folder.rglob("*") if path.is_file())
    found = {str(path.relative_to(folder)): seen_in(path.read_bytes()) for path in files}
    return {name: seen for name, seen in found.items() if seen}


def _forms() -> Iterator[tuple[str, str, bytes]]:
    for name, bird in CANARIES.items():
        for form, text in _written(bird).items():
            yield name, form, text.encode()


def _written(bird: str) -> Mapping[str, str]:
    based = {
        f"{kind} at {offset}": _core(encode(b"." * offset + bird.encode()), offset)
        for kind, encode in (("Base64", b64encode), ("Base64 of URLs", urlsafe_b64encode))
        for offset in range(3)
    }
    return {
        "it is": bird,
        # What is left when somebody takes the last @ for the first, or stops at a slash.
        "its end": bird.rpartition("@")[2],
        "a URL has it": quote(bird, safe=""),
        "a path has it": quote(bird),
        "a form has it": quote_plus(bird),
        "JSON has it": json.dumps(bird)[1:-1].replace("/", "\\/"),
        "hexadecimal": bird.encode().hex(),
        **based,
    }


def _core(encoded: bytes, offset: int) -> str:
    """What does not depend on what stands before and after it."""
    return encoded.decode()[4 if offset else 0 : -4]
