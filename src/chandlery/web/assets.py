"""The built front end: what a page carries in itself, which files it needs, how they are served."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson
from flask import Blueprint, Response, request, send_from_directory

STATIC: Final = Path(__file__).with_name("static")
_YEAR_S: Final = 31_536_000

assets = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Page:
    """What a page carries in itself, and the files that it loads, as paths under `/static/`.

    Styles and the mark are in the page: a browser that has nothing of it yet lays it out while
    the scripts are on their way, and asks for three things less.
    """

    main: str | None
    """None for a page without a script."""
    style: str
    """Our own style sheets, which are HTML as they are: nothing in them is escaped."""
    preload: tuple[str, ...]
    """Modules that `main` imports at once."""
    mark: str
    """The mark as a `data:` address."""

    @property
    def early(self) -> str:
        """A script that is run before `main` is there, without a letter that HTML would escape.

        The first object of `Intl`, whichever it is, makes a browser load its languages, some 25 ms,
        and the first look at what it keeps for a page some 5 ms. They pass here while it waits for
        `main`. A browser that may keep nothing raises.
        """
        if not self.main:
            return ""
        return "new Intl.NumberFormat().format(0);try{localStorage.length}catch{}"


def built_page(entry: str = "home", static: Path = STATIC) -> Page | None:
    """What the build's manifest says of a page, or None when the front end has not been built.

    `entry` is the name of the script in the sources, or `plain` for a page without one.
    """
    try:
        manifest = orjson.loads((static / "manifest.json").read_bytes())
    except FileNotFoundError:
        return None
    mark = f"data:image/svg+xml,{quote((static / 'mark.svg').read_text())}"
    if entry == "plain":
        names = [manifest["src/styles/plain.css"]["file"]]
        return Page(None, _texts(static, names), (), mark)
    main = manifest[f"src/{entry}.ts"]
    parts = _imported(manifest, main)
    names = [style for part in (*parts, main) for style in part.get("css", ())]
    return Page(
        main=main["file"],
        style=_texts(static, names),
        preload=tuple(part["file"] for part in parts),
        mark=mark,
    )


def _texts(static: Path, names: list[str]) -> str:
    """Style sheets as one, each of them once."""
    return "".join((static / name).read_text() for name in dict.fromkeys(names))


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
