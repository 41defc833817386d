"""Invented market caps: coins by name, whose order changes as time goes by."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import exp, sin
from typing import Final

from chandlery.market import MarketCap, MarketCapSnapshot
from chandlery.store import Store

DAY_MS: Final = 24 * 60 * 60 * 1000
NAMES: Final = (
    "Bitcoin btc|Ethereum eth|Tether usdt|XRP xrp|BNB bnb|Solana sol|USDC usdc|TRON trx|"
    "Dogecoin doge|Cardano ada|Wrapped-Bitcoin wbtc|Chainlink link|Stellar xlm|Sui sui|Litecoin ltc"
)


def _coin(number: int, at_ms: int) -> MarketCap:
    known = NAMES.split("|")
    name, symbol = (
        known[number].split() if number < len(known) else (f"Coin-{number}", f"c{number}")
    )
    days = at_ms / DAY_MS
    size = 1.9e12 / (number + 1) ** 1.7
    swing = 0 if symbol in {"usdt", "usdc"} else 0.12 * sin(days / 3 + 1.7 * number)
    cap = Decimal(round(size * exp(swing + 0.05 * sin(days / 11))))
    return MarketCap(
        id=name.lower(),
        symbol=symbol,
        name=name.replace("-", " "),
        rank=None,
        price=round(cap / Decimal(20_000_000), 6),
        market_cap=cap,
        volume_24h=Decimal(round(cap / 30)),
        change_24h_percent=Decimal(f"{20 * sin(days / 3 + 1.7 * number):.5f}"),
        last_updated_ms=at_ms - 12_345,
    )


def invented(at_ms: int, count: int = 60) -> MarketCapSnapshot:
    """What the biggest `count` coins are worth at `at_ms`: the same at every call."""
    coins = sorted(
        (_coin(number, at_ms) for number in range(count)), key=lambda coin: -(coin.market_cap or 0)
    )
    return MarketCapSnapshot(at_ms, "usd", tuple(coins))


def keep(store: Store, times: Iterable[int], count: int = 60) -> None:
    """Keep what was invented for each of `times`."""
    for at_ms in times:
        store.market_caps.keep(invented(at_ms, count))
