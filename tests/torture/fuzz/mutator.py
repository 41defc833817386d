"""Inputs made of others, at random: bytes cut, doubled and swapped, numbers and names made odd."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

ODD: Final[tuple[bytes, ...]] = (
    *(b"", b"0", b"-1", b"-0", b"1e5", b"1e999999", b"0e-999999", b"0.000000001", b"00.5", b"+1"),
    *(b"9" * 20, b"9" * 40, b"9" * 5_000, b"1." + b"3" * 400, b"18446744073709551616"),
    *(b"NaN", b"Infinity", b"-Infinity", b"null", b"true", b"[]", b"{}", b'""', b"1_000", b"0x10"),
    *(
        "١٢٣".encode(),
        "\uff11.\uff15".encode(),
        "\u2028".encode(),
        "\u202e".encode(),
        "币安".encode(),
    ),
    *(b"\x00", b"\\u0000", b"\\ud800", b"\xed\xa0\x80", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b[2J"),
    *(b"\n", b"\r", b"\r\n", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\t", b" ", b",", b'"', b"#"),
    *(b"../", b"..", b"/etc/passwd", b"%2e%2e%2f", b"'; DROP TABLE candle;--", b"<img src=x>"),
    *(b"=1+1", b"@x", b"{symbol.x}", b"{symbol:9999}", b"253402300800000", b"-62135596800001"),
    *(b"9999-12-31T23:59:59Z", b"0001-01-01T00:00:00+23:59", b"2024-02-30", b"24:00"),
    *(b"[" * 1_200, b'{"a":' * 1_200, b"[" * 600 + b"]" * 600, b"[[" * 495 + b"]]" * 495),
)
"""What has made parsers fail before."""

_MOST_STEPS: Final = 4
_NUMERALS: Final = b"0123456789"
_Step = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def mutated(data: bytes, chance: random.Random, words: Sequence[bytes], most_bytes: int) -> bytes:
    """Another input near `data`, of at most `most_bytes`; the same for the same state of chance."""
    for _ in range(chance.randint(1, _MOST_STEPS)):
        data = chance.choice(_STEPS)(data, chance, words)[:most_bytes]
    return data


def _places(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + int(chance.expovariate(0.1)))


def _flip(data: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    if not data:
        return b"\x00"
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def _cut(data: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _places(data, chance)
    return data[:start] + data[end:]


def _end(data: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    return data[: chance.randint(0, len(data))]


def _double(data: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _places(data, chance)
    return data[:end] + data[start:]


def _insert(data: bytes, chance: random.Random, words: Sequence[bytes]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice((*ODD, *words)) + data[at:]


def _replace_number(data: bytes, chance: random.Random, words: Sequence[bytes]) -> bytes:
    """One whole number, as far as its digits go, by something else."""
    digits = [at for at, byte in enumerate(data) if byte in _NUMERALS]
    if not digits:
        return _insert(data, chance, words)
    start = end = chance.choice(digits)
    while start and data[start - 1] in _NUMERALS:
        start -= 1
    while end < len(data) and data[end] in _NUMERALS:
        end += 1
    return data[:start] + chance.choice((*ODD, *words)) + data[end:]


def _replace_between(data: bytes, chance: random.Random, words: Sequence[bytes]) -> bytes:
    """What stands between two marks by something else."""
    mark = chance.choice(b'",:[]{}\n=<>&/-')
    marks = [at for at, byte in enumerate(data) if byte == mark]
    if len(marks) < 2:
        return _insert(data, chance, words)
    first = chance.randrange(len(marks) - 1)
    return data[: marks[first] + 1] + chance.choice((*ODD, *words)) + data[marks[first + 1] :]


_STEPS: Final[tuple[_Step, ...]] = (
    *(_flip, _cut, _end, _double, _insert, _insert),
    *(_replace_number, _replace_number, _replace_between, _replace_between),
)
