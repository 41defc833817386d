"""The one shape in which candles flow through the program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.errors import BadCandles, MissingExtra

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

DECIMALS: Final = 8
"""Digits kept after the point: what Binance prints. Text with more is refused, never rounded."""

TIME: Final = pl.Datetime("ms", "UTC")
DECIMAL: Final = pl.Decimal(38, DECIMALS)

SCHEMA: Final[dict[str, pl.DataType]] = {
    "open_time": TIME,
    "open": DECIMAL,
    "high": DECIMAL,
    "low": DECIMAL,
    "close": DECIMAL,
    "volume": DECIMAL,
    "close_time": TIME,
    "quote_volume": DECIMAL,
    "trades": pl.Int64(),
    "taker_buy_volume": DECIMAL,
    "taker_buy_quote_volume": DECIMAL,
}
"""Eleven columns, in Binance's order. Binance's twelfth element carries nothing and is not kept."""

_SCHEMA: Final = pl.Schema(SCHEMA)

DECIMAL_COLUMNS: Final = tuple(name for name, dtype in SCHEMA.items() if dtype == DECIMAL)


def empty() -> pl.DataFrame:
    """No candles, in the right shape."""
    return pl.DataFrame(schema=SCHEMA)


def checked(frame: pl.DataFrame) -> pl.DataFrame:
    """The same frame, if it has the shape and ascends strictly; else raises `BadCandles`."""
    if frame.schema != _SCHEMA:
        msg = f"Candles need the columns {list(SCHEMA)}; got {dict(frame.schema)}."
        raise BadCandles(msg)
    opens = frame["open_time"].cast(pl.Int64)
    if opens.null_count():
        msg = "A candle has no open time."
        raise BadCandles(msg)
    if not (opens[1:] > opens[:-1]).all():
        msg = "Candles must ascend by open time without duplicates."
        raise BadCandles(msg)
    return frame


@contextmanager
def _extra(name: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or name, name) from error


@dataclass(frozen=True, slots=True)
class Candles:
    """Candles of one series: `frame` has the columns of `SCHEMA`, ascending by `open_time`.

    The last `unfinished` rows were not closed yet by the exchange's clock when they were fetched:
    0, usually 1, and 2 for the moment in which one candle settles and the next has begun.
    """

    series: Series
    frame: pl.DataFrame = field(default_factory=empty)
    unfinished: int = 0

    def __post_init__(self) -> None:
        checked(self.frame)

    def __len__(self) -> int:
        return self.frame.height

    @property
    def closed(self) -> pl.DataFrame:
        """The finished candles."""
        return self.frame.head(self.frame.height - self.unfinished)

    @property
    def forming(self) -> pl.DataFrame:
        """The unfinished candles: 0 to 2 rows."""
        return self.frame.tail(self.unfinished)

    @property
    def span(self) -> Span | None:
        """From the first open time to just after the last one, or None when there are none."""
        if self.frame.is_empty():
            return None
        opens = self.frame["open_time"].cast(pl.Int64)
        return Span(int(opens[0]), int(opens[-1]) + 1)

    def to_floats(self) -> pl.DataFrame:
        """The frame with binary floats in place of decimals: quick to compute with, not exact."""
        return self.frame.with_columns(pl.col(DECIMAL_COLUMNS).cast(pl.Float64))

    def to_pandas(self, *, exact: bool = False) -> pd.DataFrame:
        """A pandas DataFrame indexed by `open_time`; floats, or `decimal.Decimal` when `exact`.

        Needs the extra: `pip install 'chandlery[pandas]'`.
        """
        frame = self.frame if exact else self.to_floats()
        with _extra("pandas"):
            return frame.to_pandas().set_index("open_time")

    def to_arrow(self) -> pa.Table:
        """A pyarrow Table with decimal128 columns. Needs `pip install 'chandlery[pandas]'`.

        Arrow libraries that know the PyCapsule interface can also take the object itself.
        """
        with _extra("pandas"):
            return self.frame.to_arrow()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:  # noqa: ANN401
        """The Arrow PyCapsule interface, so that other Arrow libraries read it without a copy."""
        return self.frame.__arrow_c_stream__(requested_schema)
