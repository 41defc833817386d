"""The forms in which candles are sent besides JSON, and which of them a client asks for."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import quote

import polars as pl
from flask import request

from chandlery.candles.files import candle_bytes
from chandlery.candles.series import Series

JSON: Final = "json"


@dataclass(frozen=True, slots=True)
class CandleForm:
    """One form; `make` gives the file of candles in SCHEMA, with exact decimals."""

    mimetype: str
    ending: str
    make: Callable[[pl.DataFrame], bytes]
    packable: bool = True


def _arrow(candles: pl.DataFrame) -> bytes:
    # Its own compression is not known to every reader; that of HTTP is.
    stream = io.BytesIO()
    candles.write_ipc_stream(stream)
    return stream.getvalue()


FORMS: Final = {
    "csv": CandleForm("text/csv", "csv", partial(candle_bytes, form="named")),
    "arrow": CandleForm("application/vnd.apache.arrow.stream", "arrows", _arrow),
    "parquet": CandleForm(
        "application/vnd.apache.parquet",
        "parquet",
        partial(candle_bytes, form="parquet"),
        packable=False,
    ),
}
_BY_TYPE: Final = {"application/json": JSON} | {form.mimetype: name for name, form in FORMS.items()}


def asked_form(wanted: str | None) -> str:
    """The form that was asked for by name, else by `Accept`, else JSON."""
    accepts = request.headers.get("Accept", "*/*")
    if wanted is not None or accepts == "*/*":
        return wanted or JSON
    found = request.accept_mimetypes.best_match([*_BY_TYPE], default="application/json")
    return _BY_TYPE[found]


def disposition(series: Series, ending: str) -> str:
    """The Content-Disposition of a file of that series, whatever characters its symbol has."""
    name = f"{series.exchange}_{series.symbol}_{series.interval.slug}.{ending}"
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    told = f'attachment; filename="{plain}"'
    return told if plain == name else f"{told}; filename*=UTF-8''{quote(name, safe='')}"
