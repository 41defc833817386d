"""Recorded candles as a source of answers: served as they stand, with nothing added.

Only the recorded series exist; another interval of a recorded symbol is empty. Time zones of
candles and single trades are not recorded, so the first are ignored and the second are empty.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from chandlery.candles.files import read_candles
from chandlery.candles.frame import DECIMAL_COLUMNS
from chandlery.candles.interval import MINUTE_MS, Interval
from chandlery.candles.span import Span
from chandlery.errors import BadFile
from chandlery.sandbox.market.bars import Ints
from chandlery.sandbox.market.listings import BY_SYMBOL, UNIT, Listing
from chandlery.sandbox.market.tape import Trades
from chandlery.sandbox.options import SandboxOptions
from chandlery.sandbox.sources.choosing import Asked, Stretch, choose
from chandlery.sandbox.sources.recording_names import interval_of, symbol_of
from chandlery.sandbox.sources.rendering import TABLE, Block, block
from chandlery.sandbox.sources.revisions import Revised, Revisions
from chandlery.sandbox.sources.source import Shown, Status, Window

_QUOTES: Final = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY", "USD")
_NO_TRADES: Final = Trades.join([])


@dataclass(slots=True)
class _Series:
    """One recorded series: a single block in each unit of time."""

    interval: Interval
    frame: pl.DataFrame
    opens: Ints
    blocks: dict[bool, Block]

    def with_unit(self, *, micro: bool) -> _Whole:
        if micro not in self.blocks:
            self.blocks[micro] = block(self.opens, _rows(self.frame, micro=micro))
        return _Whole(self.blocks[micro])


@dataclass(frozen=True, slots=True)
class _Whole:
    only: Block

    def block_of(self, ms: int) -> int:  # noqa: ARG002  there is one block, whatever the time
        return 0

    def block(self, number: int) -> Block:  # noqa: ARG002
        return self.only


class RecordedSource:
    """Recorded series by symbol and interval; `default_now_ms` is where the clock should stand."""

    def __init__(
        self, frames: dict[tuple[str, Interval], pl.DataFrame], default_now_ms: int
    ) -> None:
        self.default_now_ms = default_now_ms
        self._series: dict[str, dict[str, _Series]] = defaultdict(dict)
        for (symbol, interval), frame in frames.items():
            self._series[symbol][interval.text] = _series(interval, frame)
        self._original = {symbol: dict(held) for symbol, held in self._series.items()}
        self.revisions = Revisions()
        self._listings = {symbol: _listing(symbol, held) for symbol, held in self._series.items()}

    def listings(self, now_ms: int) -> list[tuple[Listing, Status]]:
        """The recorded symbols, whatever the time."""
        del now_ms
        return [(listing, "TRADING") for listing in self._listings.values()]

    def market_of(self, symbol: str) -> str:
        """The symbol itself."""
        return symbol

    def rows(
        self, symbol: str, interval: Interval, shown: Shown, asked: Asked, now_ms: int
    ) -> bytes:
        """The JSON array of a klines answer: the rows that open by now."""
        series = self._series[symbol].get(interval.text)
        if series is None or not len(series.opens):
            return b"[]"
        held = Stretch(int(series.opens[0]), now_ms + 1)
        return choose(series.with_unit(micro=shown.micro), held, asked, lambda: None)

    def window(self, symbol: str, start_ms: int, now_ms: int) -> Window:
        """Trading from `start_ms` to now, by the finest series of the symbol."""
        series = min(self._series[symbol].values(), key=lambda each: each.interval.typical_ms)
        first, stop = np.searchsorted(series.opens, [start_ms, now_ms + 1])
        inside = series.frame.slice(int(first), int(stop - first))
        before = series.frame.slice(max(int(first) - 1, 0), 1)
        last = _units(before["close"][0]) if before.height else 0
        if inside.is_empty():
            return Window(last, last, last, last, 0, 0, 0, -1, last)
        return Window(
            _units(inside["open"][0]),
            _units(inside["high"].max()),
            _units(inside["low"].min()),
            _units(inside["close"][-1]),
            _units(inside["volume"].sum()),
            _units(inside["quote_volume"].sum()),
            int(inside["trades"].sum()),
            0,
            last,
        )

    def latest_trades(self, symbol: str, limit: int, now_ms: int) -> Trades:
        """None: single trades are not recorded."""
        del symbol, limit, now_ms
        return _NO_TRADES

    def trades_from_id(self, symbol: str, trade_id: int, limit: int, now_ms: int) -> Trades:
        """None: single trades are not recorded."""
        del symbol, trade_id, limit, now_ms
        return _NO_TRADES

    def trades_since(self, symbol: str, start_ms: int, limit: int, now_ms: int) -> Trades:
        """None: single trades are not recorded."""
        del symbol, start_ms, limit, now_ms
        return _NO_TRADES

    def table(self, symbol: str, interval: Interval, span: Span, known: int) -> pl.DataFrame:
        """The candles that open in `span`."""
        series = self._original[symbol].get(interval.text)
        if series is None:
            return pl.DataFrame(schema=TABLE)
        first, stop = np.searchsorted(series.opens, [span.start, span.end])
        inside = series.frame.slice(int(first), int(stop - first))
        times = pl.col("open_time", "close_time").dt.epoch("ms")
        found = self.revisions.of(symbol, interval, known)
        return _revised(inside, found).with_columns(times).select(*TABLE)

    def revise(self, symbol: str, interval: Interval, open_ms: int, at_ms: int) -> None:
        """Add a trade of 0.001 to one candle."""
        original = self._original[symbol][interval.text]
        self.revisions.add(Revised(symbol, interval.text, open_ms, at_ms))
        frame = _revised(original.frame, self.revisions.of(symbol, interval))
        self._series[symbol][interval.text] = _series(interval, frame)


def load_recorded(options: SandboxOptions) -> RecordedSource | None:
    """The recordings that the options name, or None. Raises `BadFile` or `InputError`."""
    if not options.replay:
        return None
    parts: dict[tuple[str, Interval], list[pl.DataFrame]] = defaultdict(list)
    moments: list[int] = []
    for path in options.replay:
        frame = read_candles(path)
        if frame.is_empty():
            raise BadFile(path, "has no candles to replay.")
        parts[symbol_of(path, options), interval_of(path, frame, options)].append(frame)
        moments.append(_moment(path, frame))
    joined = {
        key: pl.concat(frames)
        .unique("open_time", keep="last", maintain_order=True)
        .sort("open_time")
        for key, frames in parts.items()
    }
    return RecordedSource(joined, max(moments))


def _moment(path: Path, frame: pl.DataFrame) -> int:
    """The last row of a REST body may be unfinished: stand just before its end. Else just after."""
    last = frame.row(-1, named=True)
    closes_ms = round((last["close_time"] or last["open_time"]).timestamp() * 1000)
    head = path.read_bytes()
    text = gzip.decompress(head) if head.startswith(b"\x1f\x8b") else head
    return int(closes_ms) - 1 if text.lstrip()[:1] == b"[" else int(closes_ms) + MINUTE_MS


def _series(interval: Interval, frame: pl.DataFrame) -> _Series:
    opens = frame["open_time"].dt.epoch("ms").to_numpy()
    closes = pl.col("close_time").fill_null(
        pl.col("open_time") + pl.duration(milliseconds=interval.typical_ms - 1)
    )
    return _Series(interval, frame.with_columns(closes, _without_nulls()), opens, {})


def _revised(frame: pl.DataFrame, found: dict[int, int]) -> pl.DataFrame:
    """The same candles, some with trades of 0.001 more, by open time."""
    for open_ms, count in found.items():
        here = pl.col("open_time").dt.epoch("ms") == open_ms
        more = pl.when(here).then(pl.lit(count * Decimal("0.001"))).otherwise(pl.lit(Decimal(0)))
        frame = frame.with_columns(
            (pl.col("volume") + more).cast(frame.schema["volume"]),
            pl.col("trades") + count * here.cast(pl.Int64),
        )
    return frame


def _without_nulls() -> pl.Expr:
    """Files of six columns lack the last ones; the exchange always sends numbers."""
    return pl.col(*DECIMAL_COLUMNS, "trades").fill_null(0)


def _rows(frame: pl.DataFrame, *, micro: bool) -> pl.Series:
    unit = 1000 if micro else 1
    open_time = pl.col("open_time").dt.epoch("ms") * unit
    close_time = pl.col("close_time").dt.epoch("ms") * unit + (unit - 1)
    texts = [pl.col(name).cast(pl.String) for name in DECIMAL_COLUMNS]
    return frame.select(
        pl.format(
            '[{},"{}","{}","{}","{}","{}",{},"{}",{},"{}","{}","0"]',
            open_time,
            *texts[:5],
            close_time,
            texts[5],
            pl.col("trades"),
            *texts[6:],
        )
    ).to_series()


def _listing(symbol: str, held: dict[str, _Series]) -> Listing:
    """What is known of the symbol, with ticks and steps as the recorded numbers show them."""
    frame = pl.concat([series.frame for series in held.values()])
    quote = next((each for each in _QUOTES if symbol.endswith(each)), symbol[-3:])
    known = BY_SYMBOL.get(symbol)
    return Listing(
        symbol=symbol,
        base=known.base if known else symbol.removesuffix(quote),
        quote=known.quote if known else quote,
        listed_ms=min(int(series.opens[0]) for series in held.values()),
        tick=_grain(frame, "open", "high", "low", "close"),
        step=_grain(frame, "volume"),
        levels=(),
        volatility=0.0,
        turnover=0.0,
        trades=0,
    )


def _grain(frame: pl.DataFrame, *columns: str) -> int:
    """The largest power of ten, in units of 1e-8, that divides all the numbers; at most 1."""
    units = [(frame[name] * UNIT).cast(pl.Int64).to_numpy() for name in columns]
    common = int(np.gcd.reduce(np.concatenate(units)))
    grain = UNIT
    while grain > 1 and common % grain:
        grain //= 10
    return grain


def _units(value: object) -> int:
    return int(Decimal(str(value)) * UNIT)
