"""The five commands of a connection and their answers; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import orjson

MOST_STREAMS: Final = 1024
METHODS: Final = (
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "LIST_SUBSCRIPTIONS",
    "SET_PROPERTY",
    "GET_PROPERTY",
)
TOO_MANY: Final = orjson.dumps({"error": {"code": 4, "msg": "Too many subscriptions"}})
_ID: Final = re.compile(r"[0-9A-Za-z-]{1,36}")
_LARGEST: Final = 2**63
_INVALID: Final = 2


class TooManyStreams(Exception):
    """A connection wanted more streams than one may have; it is closed."""


class _Wrong(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"Invalid request: {message}" if code == _INVALID else message)
        self.code = code


class Subscriptions:
    """The streams of one connection, in the order asked for, and how they are wrapped."""

    def __init__(self, *, combined: bool, most: int = MOST_STREAMS) -> None:
        self.combined = combined
        self._most = most
        self._names: dict[str, None] = {}

    @property
    def names(self) -> list[str]:
        """The streams that were asked for, those that are never sent too."""
        return list(self._names)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, names: Iterable[str]) -> None:
        """Subscribe. Raises `TooManyStreams`."""
        wanted = {**self._names, **dict.fromkeys(names)}
        if len(wanted) > self._most:
            raise TooManyStreams
        self._names = wanted

    def remove(self, names: Iterable[str]) -> None:
        """Unsubscribe from those that are there."""
        for name in names:
            self._names.pop(name, None)


def answer(text: str, held: Subscriptions) -> bytes:
    """Do what a message commands, and what is answered. Raises `TooManyStreams`."""
    try:
        asked = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        return _refusal(3, f"Invalid JSON: expected value at {where}", None)
    id_ = asked.get("id") if isinstance(asked, dict) else None
    try:
        result = _done(_checked(asked, text), asked.get("params"), held)
    except _Wrong as wrong:
        return _refusal(wrong.code, str(wrong), id_ if _is_id(id_) else None)
    return orjson.dumps({"result": result, "id": id_})


def _refusal(code: int, message: str, id_: object) -> bytes:
    body: dict[str, object] = {"code": code, "msg": message}
    return orjson.dumps(body if id_ is None else {**body, "id": id_})


def _checked(asked: object, text: str) -> str:
    if not isinstance(asked, dict) or "method" not in asked:
        raise _Wrong(_INVALID, f"missing field `method` at line 1 column {len(text)}")
    method = asked["method"]
    if method not in METHODS:
        listed = ", ".join(f"`{each}`" for each in METHODS)
        column = text.find(f'"{method}"') + len(f'"{method}"')
        raise _Wrong(
            _INVALID,
            f"unknown variant {method}, expected one of {listed} at line 1 column {column}",
        )
    if not _is_id(asked.get("id")):
        raise _Wrong(_INVALID, "request ID must be an unsigned integer")
    return str(method)


def _is_id(id_: object) -> bool:
    if isinstance(id_, str):
        return _ID.fullmatch(id_) is not None
    return id_ is None or (type(id_) is int and -_LARGEST <= id_ < _LARGEST)


def _done(method: str, params: object, held: Subscriptions) -> object:
    if method == "LIST_SUBSCRIPTIONS":
        return held.names
    if method.endswith("PROPERTY"):
        return _property(method, params, held)
    if not isinstance(params, list) or not all(isinstance(each, str) for each in params):
        raise _Wrong(_INVALID, "params must be a list of stream names")
    if method == "SUBSCRIBE":
        held.add(params)
    else:
        held.remove(params)
    return None


def _property(method: str, params: object, held: Subscriptions) -> object:
    given: list[Any] = params if isinstance(params, list) else []
    setting = method == "SET_PROPERTY"
    if len(given) > 1 + setting:
        raise _Wrong(_INVALID, "too many parameters")
    if not given or not isinstance(given[0], str):
        raise _Wrong(_INVALID, "property name must be a string")
    if given[0] != "combined":
        raise _Wrong(0, "Unknown property")
    if not setting:
        return held.combined
    if len(given) < 2 or not isinstance(given[1], bool):  # noqa: PLR2004  name and value
        raise _Wrong(1, "Invalid value type: expected Boolean")
    held.combined = given[1]
    return None
