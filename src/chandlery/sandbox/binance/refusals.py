"""The exchange's coded refusals with their texts, word for word."""

from __future__ import annotations

from typing import Final, TypeAlias

from chandlery.errors import Refused

Refusal: TypeAlias = tuple[int, str]

UNKNOWN: Final[Refusal] = (-1000, "An unknown error occurred while processing the request.")
BAD_CHARACTERS: Final[Refusal] = (
    -1100,
    "Illegal characters found in parameter '{}'; legal range is '{}'.",
)
DUPLICATE: Final[Refusal] = (-1101, "Duplicate values for a parameter detected.")
TOO_MANY_SYMBOLS: Final[Refusal] = (
    -1101,
    "Too many values sent for parameter 'symbols', maximum allowed up to 100.",
)
MISSING: Final[Refusal] = (
    -1102,
    "Mandatory parameter '{}' was not sent, was empty/null, or malformed.",
)
MISSING_BOTH: Final[Refusal] = (
    -1102,
    "Param '{}' or '{}' must be sent, but both were empty/null!",
)
UNREAD: Final[Refusal] = (
    -1104,
    "Not all sent parameters were read; read '{}' parameter(s) but was sent '{}'.",
)
EMPTY: Final[Refusal] = (-1105, "Parameter '{}' was empty.")
OVERFLOWED: Final[Refusal] = (-1108, "Parameter '{}' overflowed.")
BAD_INTERVAL: Final[Refusal] = (-1120, "Invalid interval.")
BAD_SYMBOL: Final[Refusal] = (-1121, "Invalid symbol.")
BAD_STATUS: Final[Refusal] = (-1122, "Invalid symbolStatus.")
BAD_COMBINATION: Final[Refusal] = (-1128, "Combination of optional parameters invalid.")
BAD_VALUE: Final[Refusal] = (-1130, "Data sent for parameter '{}' is not valid.")
BAD_TICKER_TYPE: Final[Refusal] = (-1139, "Invalid ticker type.")
REPEATED_SYMBOL: Final[Refusal] = (-1151, "Symbol is present multiple times in the list.")
BAD_TIME_UNIT: Final[Refusal] = (
    -1194,
    "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.",
)
OTHER_STATUS: Final[Refusal] = (
    -1220,
    "The symbol's status does not match the requested symbolStatus.",
)


def refused(refusal: Refusal, *values: object) -> Refused:
    """The error to raise; the server answers it with status 400."""
    code, text = refusal
    return Refused(text.format(*values), code=code)
