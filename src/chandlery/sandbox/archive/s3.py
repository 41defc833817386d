"""What S3 answers around its files: errors and the listing, as XML."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from multidict import MultiMapping

from chandlery.errors import Refused
from chandlery.sandbox.archive.shelf import Published
from chandlery.sandbox.archive.tree import Folder
from chandlery.sandbox.reply import Reply

XML: Final = "application/xml"
BUCKET: Final = "data.binance.vision"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
_MOST_KEYS: Final = 1000
_BAD_NUMBER: Final = "Provided max-keys not an integer or within integer range"
_BAD_DELIMITER: Final = "The sandbox folds folders at / alone"
_BAD_PLACE: Final = "The continuation token provided is incorrect"
_REQUEST: Final = "SANDBOX0000000000"


def error(status: int, code: str, text: str, **more: str) -> Reply:
    """An error in S3's form."""
    shown = {"Code": code, "Message": text, **more, "RequestId": _REQUEST, "HostId": _REQUEST}
    return Reply(status, f"{_HEAD}{_element('Error', shown)}".encode(), XML)


def no_such_key(key: str) -> Reply:
    """404: nothing is published under this key."""
    return error(404, "NoSuchKey", "The specified key does not exist.", Key=key)


def slow_down() -> Reply:
    """503, in S3's form."""
    return error(503, "SlowDown", "Please reduce your request rate.")


def too_many(seconds: int) -> Reply:
    """429, with the time to stay away."""
    reply = error(429, "TooManyRequests", "Please reduce your request rate.")
    return Reply(reply.status, reply.body, XML, {"Retry-After": str(seconds)})


@dataclass(frozen=True, slots=True)
class Question:
    """What a listing is asked for, in either version of the interface."""

    prefix: str
    delimiter: str
    after: str
    """Only keys and folders behind this."""
    most: int
    second: bool
    """Version 2."""
    token: str = ""


def read_question(query: MultiMapping[str]) -> Question:
    """The parameters of a listing. Raises `Refused` for those that S3 would not take."""
    most = query.get("max-keys", str(_MOST_KEYS))
    if not most.isdecimal():
        raise Refused(_BAD_NUMBER)
    delimiter = query.get("delimiter", "")
    if delimiter not in {"", "/"}:
        raise Refused(_BAD_DELIMITER)
    second = query.get("list-type") == "2"
    token = query.get("continuation-token", "") if second else ""
    after = query.get("start-after" if second else "marker", "")
    return Question(
        query.get("prefix", ""),
        delimiter,
        _opened(token) if token else after,
        min(int(most), _MOST_KEYS),
        second,
        token,
    )


def listing(asked: Question, shown: Sequence[Published | Folder], *, more: bool) -> Reply:
    """One page of the listing."""
    folders = [each.path for each in shown if isinstance(each, Folder)]
    files = [each for each in shown if not isinstance(each, Folder)]
    last = _key(shown[-1]) if more and shown else ""
    head = {
        "Name": BUCKET,
        "Prefix": asked.prefix,
        **(_place_2(asked, len(shown), last) if asked.second else _place_1(asked, last)),
        "MaxKeys": str(asked.most),
        **({"Delimiter": asked.delimiter} if asked.delimiter else {}),
        "IsTruncated": str(more).lower(),
    }
    body = _elements(head) + "".join(map(_contents, files))
    body += "".join(_element("CommonPrefixes", {"Prefix": path}) for path in folders)
    whole = f'<ListBucketResult xmlns="{_NAMESPACE}">{body}</ListBucketResult>'
    return Reply(200, f"{_HEAD}{whole}".encode(), XML)


def _place_1(asked: Question, last: str) -> dict[str, str]:
    """Where the page lies; the next marker is told only where folders are folded."""
    told = {"NextMarker": last} if last and asked.delimiter else {}
    return {"Marker": asked.after, **told}


def _place_2(asked: Question, count: int, last: str) -> dict[str, str]:
    start = {"ContinuationToken": asked.token} if asked.token else {"StartAfter": asked.after}
    told = {"NextContinuationToken": _sealed(last)} if last else {}
    return {"KeyCount": str(count), **{k: v for k, v in start.items() if v}, **told}


def _key(shown: Published | Folder) -> str:
    return shown.path if isinstance(shown, Folder) else shown.key


def _contents(file: Published) -> str:
    modified = datetime.fromtimestamp(file.modified_ms // 1000, UTC)
    shown = {
        "Key": file.key,
        "LastModified": modified.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "ETag": f'"{file.md5}"',
        "Size": str(file.size),
        "StorageClass": "STANDARD",
    }
    return _element("Contents", shown)


def _element(name: str, inner: dict[str, str]) -> str:
    return f"<{name}>{_elements(inner)}</{name}>"


def _elements(inner: dict[str, str]) -> str:
    return "".join(
        f"<{name}>{escape(text, {chr(34): '&quot;'})}</{name}>" for name, text in inner.items()
    )


def _sealed(key: str) -> str:
    """A continuation token: nothing to be read by clients."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def _opened(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as bad:
        raise Refused(_BAD_PLACE) from bad
