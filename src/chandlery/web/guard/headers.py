"""Headers that keep the page to itself, and the check of the Host header.

The Host check stops DNS rebinding: a foreign page whose name is made to point at this machine
arrives with its own name. Addresses written as numbers cannot be abused in that way. With a token
any name is served: a browser keeps the token for the name under which it was given, so a foreign
name arrives without it, and is refused for that.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request


def policy(*, form_action: str = "'none'", style: str = "", script: str = "") -> str:
    """What a page may load, and where its forms may lead.

    `style` and `script` are the texts that the page carries in itself; no other than these is run.
    """
    return (
        f"default-src 'none'; script-src 'self'{_only(script)}; style-src 'self'{_only(style)}; "
        "img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; "
        f"form-action {form_action}; frame-ancestors 'none'"
    )


def _only(text: str) -> str:
    return f" 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" if text else ""


HEADERS: Final = {
    "Content-Security-Policy": policy(),
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def register(app: Flask, *, hosts: Iterable[str], any_host: bool = False) -> None:
    """Add the headers to every answer, and refuse names other than loopback's and `hosts`.

    `any_host` refuses no name; right only when every request has to carry a token.
    """
    served = frozenset(host.lower() for host in hosts)

    @app.before_request
    def check_host() -> None:
        name = urlsplit(f"//{request.host}").hostname or ""
        if not (any_host or name in served or name == "localhost" or _is_address(name)):
            abort(400, f"'{name}' is not a name of this server. Open it as http://127.0.0.1.")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, text in HEADERS.items():
            response.headers.setdefault(name, text)
        return response


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
