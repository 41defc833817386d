"""Figure: hundreds of series that are two days behind, brought up to date in one pass."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.many import many_symbols
from bench.processes import PYTHON, Failed, ask
from bench.tables import Table

SYMBOLS: Final = 406
PAIRS: Final = (("15m", "1h"), ("1m", "1h"))
DAYS: Final = 2
LATENCY: Final = 0.05
_DAY_MS: Final = 86_400_000
_MINUTE: Final = 60.0
_MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Run:
    """What one top-up took."""

    found: dict[str, Any]
    weight: int


def topup(*, quick: bool) -> Table:
    """Collect once two days ago, by the clocks of both sides, and then today."""
    symbols = 20 if quick else SYMBOLS
    rows = [_row(pair, symbols, _topped_up(pair, symbols)) for pair in PAIRS]
    return Table(
        f"{2 * symbols} series, {DAYS} days behind, the exchange {LATENCY * 1000:.0f} ms away",
        ("series", "candles", "time", "aim", "weight", "CPU", "memory"),
        rows,
        [
            "One pass of the embedded loop into SQLite, with eight threads, as by default.",
            "Symbols were listed before; listing them again within the pass is counted.",
            "CPU: user and system time of the process. Weight: what Binance would count, of 6,000.",
        ],
    )


def _topped_up(pair: tuple[str, str], symbols: int) -> Run:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with many_symbols(symbols, folder) as exchange:
            settings = exchange.settings | {
                "CHANDLERY_SERIES": ",".join(f"binance:C*USDT:{interval}" for interval in pair),
                "CHANDLERY_HOME": name,
                "CHANDLERY_CSV": "",
            }
            print(f"  {' and '.join(pair)}, two days ago", file=sys.stderr)
            exchange.set_clock(_now_ms() - DAYS * _DAY_MS)
            _pass(settings, DAYS, symbols)
            exchange.set_clock(_now_ms())
            exchange.delay(LATENCY)
            _wait_for_the_middle_of_a_minute()
            print("  today", file=sys.stderr)
            before = exchange.weight_asked()
            return Run(_pass(settings, 0, symbols), exchange.weight_asked() - before)


def _pass(settings: dict[str, str], days_ago: int, symbols: int) -> dict[str, Any]:
    found = ask(PYTHON, "bench.clients.topup_client", days_ago, **settings)
    if found["series"] != 2 * symbols or found["failed"] or found["behind"]:
        raise Failed(f"the pass {days_ago} days ago was not a whole one: {found}")
    return found


def _wait_for_the_middle_of_a_minute() -> None:
    """So that no candle closes, and comes due, between the plan and its end."""
    time.sleep((_MINUTE + 10 - time.time() % _MINUTE) % _MINUTE)


def _row(pair: tuple[str, str], symbols: int, run: Run) -> list[str]:
    found = run.found
    return [
        f"{symbols} each of {' and '.join(pair)}",
        f"{found['candles']:,}",
        f"{found['seconds']:.1f} s",
        "under 20 s",
        f"{run.weight:,}",
        f"{found['cpu']:.1f} s",
        f"{found['memory'] / _MEGABYTE:.0f} MB",
    ]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
