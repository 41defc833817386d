"""`python -m bench.file_server FOLDER`: files, HEAD and S3's listing, for as little CPU as can be.

Prints its address as JSON and serves until it is ended. The bodies go by sendfile.
"""

from __future__ import annotations

import functools
import hashlib
import json
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_MOST_KEYS = 1000


class Files(BaseHTTPRequestHandler):
    """Answers GET and HEAD below `folder`."""

    protocol_version = "HTTP/1.1"
    folder: Path

    def setup(self) -> None:
        """Headers go out at once: the body follows on its own."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        """Send the file, or the listing."""
        asked = urlsplit(self.path)
        if asked.path in {"", "/"}:
            query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
            is_page = not query.keys() & {"delimiter", "max-keys"}
            self._send(self._page() if is_page else _listing(self.folder, query))
            return
        found = self._described()
        if found is not None:
            with found.open("rb") as file:
                self.connection.sendfile(file)

    def do_HEAD(self) -> None:
        """Send the headers of the file alone."""
        self._described()

    def log_message(self, *_: object) -> None:
        """Say nothing: it would cost more than the answer."""

    def _page(self) -> bytes:
        """What a browser gets at the root: a page that knows where the listing is."""
        host, port = self.connection.getsockname()
        return f"<script>var BUCKET_URL = 'http://{host}:{port}/';</script>".encode()

    def _described(self) -> Path | None:
        """Send the headers; None when there is no such file."""
        path = self.folder / unquote(urlsplit(self.path).path).lstrip("/")
        if not path.is_file() or ".." in path.parts:
            self._send(b"<Error><Code>NoSuchKey</Code></Error>", HTTPStatus.NOT_FOUND)
            return None
        state = path.stat()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/zip")
        self.send_header("Content-Length", str(state.st_size))
        self.send_header("ETag", f'"{_md5(path)}"')
        self.send_header("Last-Modified", formatdate(state.st_mtime, usegmt=True))
        self.end_headers()
        return path

    def _send(self, body: bytes, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@functools.cache
def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _listing(folder: Path, query: dict[str, str]) -> bytes:
    """A page of the keys right below the prefix, which is a folder."""
    prefix, marker = query.get("prefix", ""), query.get("marker", "")
    keys = sorted(path for path in _below(folder / prefix) if str(path) > str(folder / marker))
    shown, more = keys[:_MOST_KEYS], len(keys) > _MOST_KEYS
    body = "".join(_content(folder, path) for path in shown)
    following = f"<NextMarker>{shown[-1].relative_to(folder)}</NextMarker>" if more else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>data.binance.vision</Name><Prefix>{escape(prefix)}</Prefix>"
        f"<Marker>{escape(marker)}</Marker>{following}<MaxKeys>{_MOST_KEYS}</MaxKeys>"
        f"<Delimiter>/</Delimiter><IsTruncated>{str(more).lower()}</IsTruncated>{body}"
        "</ListBucketResult>"
    ).encode()


def _below(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.suffix != ".part")


def _content(folder: Path, path: Path) -> str:
    if path.is_dir():
        return f"<CommonPrefixes><Prefix>{path.relative_to(folder)}/</Prefix></CommonPrefixes>"
    state = path.stat()
    modified = datetime.fromtimestamp(state.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return (
        f"<Contents><Key>{path.relative_to(folder)}</Key><LastModified>{modified}</LastModified>"
        f"<ETag>&quot;{_md5(path)}&quot;</ETag><Size>{state.st_size}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )


def main() -> None:
    """Serve the folder on a free port of loopback."""
    Files.folder = Path(sys.argv[1]).resolve()
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        for path in sorted(Files.folder.rglob("*.zip")):
            _md5(path)  # before it is measured
        print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
