"""compose.yaml as Compose understands it: anchors merged, variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[1]
FILE: Final = ROOT / "compose.yaml"
OURS: Final = ("web", "worker", "beat", "tasks")
"""The services that are Chandlery; the others are Redis and PostgreSQL."""

_VARIABLE: Final = re.compile(r"\$\$|\$\{(\w+)(:[-?])?([^}]*)\}")


class MissingVariable(Exception):
    """Compose would refuse to start, with this message."""


def compose(variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The whole file; without `variables` they stay as they are written.

    Raises `MissingVariable`.
    """
    read: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return read if variables is None else _filled_in(read, variables)


def _filled_in(value: Any, variables: Mapping[str, str]) -> Any:  # noqa: ANN401  any YAML
    if isinstance(value, dict):
        return {key: _filled_in(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled_in(item, variables) for item in value]
    if not isinstance(value, str):
        return value

    def fill(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if name is None:
            return "$"
        if not variables.get(name) and kind == ":?":
            raise MissingVariable(f"{name}: {rest}")
        return variables.get(name) or (rest if kind == ":-" else "")

    return _VARIABLE.sub(fill, value)
