"""What the columns of candle files are called, by us and by others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from chandlery.candles.file_rows import NEEDED
from chandlery.candles.frame import SCHEMA
from chandlery.errors import BadFile

UM_HEADER: Final = (
    *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume"),
    *("count", "taker_buy_volume", "taker_buy_quote_volume", "ignore"),
)
"""The header of Binance's futures files."""

_OTHERS: Final = {
    "open_time": ("date", "datetime", "timestamp", "time", "opentime"),
    "close_time": ("closetime",),
    "quote_volume": ("quote_asset_volume", "quote_av", "quotevolume", "quoteassetvolume"),
    "trades": ("count", "number_of_trades", "numberoftrades"),
    "taker_buy_volume": (
        *("taker_buy_base_asset_volume", "tb_base_av"),
        *("takerbuybaseassetvolume", "taker_buy_base_volume"),
    ),
    "taker_buy_quote_volume": (
        *("taker_buy_quote_asset_volume", "tb_quote_av"),
        "takerbuyquoteassetvolume",
    ),
}
"""Names that Binance's own files and common downloaders write."""

_OURS: Final = {other: ours for ours, others in _OTHERS.items() for other in others}


def our_names(columns: Sequence[str], name: str) -> list[str]:
    """Our names for the columns of the file `name`; unknown ones stay as they are.

    Raises `BadFile` when two columns would be the same, or a column without which there is no
    candle is missing.
    """
    words = [re.sub(r"[\s_]+", "_", column.strip().strip('"').lower()) for column in columns]
    named = [_OURS.get(word, word) for word in words]
    for ours in SCHEMA:
        same = [column for column, other in zip(columns, named, strict=True) if other == ours]
        if len(same) > 1:
            raise BadFile(name, f"has several columns that could be {ours}: {', '.join(same)}.")
    missing = [column for column in NEEDED if column not in named]
    if missing:
        raise BadFile(name, lacks(len(columns), missing))
    return named


def lacks(width: int, missing: Sequence[str]) -> str:
    """Why a file with these columns missing is refused."""
    return (
        f"has {width} columns and lacks {', '.join(missing)}; a candle file has "
        "Binance's 12 columns, or their names in a header."
    )
