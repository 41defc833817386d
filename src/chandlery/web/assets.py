"""The built front end: which files the page needs, and how they are served."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from flask import Blueprint, Response, request, send_from_directory

STATIC: Final = Path(__file__).with_name("static")
_YEAR_S: Final = 31_536_000

assets = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Page:
    """The files that a page loads, as paths under `/static/`."""

    main: str | None
    """None for a page without a script."""
    styles: tuple[str, ...]
    preload: tuple[str, ...]
    """Modules that `main` imports at once."""


def built_page(entry: str = "home", static: Path = STATIC) -> Page | None:
    """What the build's manifest says of a page, or None when the front end has not been built.

    `entry` is the name of the script in the sources, or `plain` for a page without one.
    """
    try:
        manifest = orjson.loads((static / "manifest.json").read_bytes())
    except FileNotFoundError:
        return None
    if entry == "plain":
        return Page(None, (manifest["src/styles/plain.css"]["file"],), ())
    main = manifest[f"src/{entry}.ts"]
    parts = _imported(manifest, main)
    styles = [style for part in (*parts, main) for style in part.get("css", ())]
    return Page(
        main=main["file"],
        styles=tuple(dict.fromkeys(styles)),
        preload=tuple(part["file"] for part in parts),
    )


def _imported(manifest: dict[str, Any], part: dict[str, Any]) -> list[dict[str, Any]]:
    """What a built file imports at once, through all levels, each once."""
    found: dict[str, dict[str, Any]] = {}
    waiting = list(part.get("imports", ()))
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = manifest[name]
            waiting += manifest[name].get("imports", ())
    return list(found.values())


@assets.get("/static/<path:name>")
def asset(name: str) -> Response:
    """One built file, compressed where the browser allows; hashed names never change."""
    packed = f"{name}.gz"
    zipped = request.accept_encodings["gzip"] > 0 and (STATIC / packed).is_file()
    response = send_from_directory(
        STATIC,
        packed if zipped else name,
        mimetype=mimetypes.guess_type(name)[0],
        max_age=_YEAR_S if name.startswith("assets/") else 0,
    )
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.cache_control.immutable = name.startswith("assets/")
    return response
