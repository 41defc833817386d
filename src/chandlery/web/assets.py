"""The built front end: which files the page needs, and how they are served."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
from flask import Blueprint, Response, request, send_from_directory

STATIC: Final = Path(__file__).with_name("static")
_YEAR_S: Final = 31_536_000

assets = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Page:
    """The files that the page loads, as paths under `/static/`."""

    early: str
    """A tiny script that picks light or dark before the first paint."""
    main: str
    styles: tuple[str, ...]
    preload: tuple[str, ...]
    """Modules that `main` imports at once."""


def built_page(static: Path = STATIC) -> Page | None:
    """What the build's manifest says, or None when the front end has not been built."""
    try:
        manifest = orjson.loads((static / "manifest.json").read_bytes())
    except FileNotFoundError:
        return None
    main = manifest["src/main.ts"]
    return Page(
        early=manifest["src/early.ts"]["file"],
        main=main["file"],
        styles=tuple(main.get("css", ())),
        preload=tuple(manifest[name]["file"] for name in main.get("imports", ())),
    )


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
