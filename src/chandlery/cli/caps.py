"""`chandlery caps`: the biggest coins that are kept, as text or JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from chandlery.cli.console import note, say
from chandlery.cli.options import Home, Json
from chandlery.clock import ms_to_text

if TYPE_CHECKING:
    from chandlery.market import MarketCap, MarketCapSnapshot

_HEADINGS = ("rank", "coin", "name", "price", "24 h %", "market cap", "share %")


def caps(
    top: Annotated[int, typer.Option(help="The N biggest.", metavar="N", min=1, max=100)] = 10,
    at: Annotated[
        str | None,
        typer.Option(help="As they were then, such as 2024-12-31 (UTC).", metavar="TIME"),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show the biggest coins by market cap, as last kept or as they were at an earlier time.

    Shares are those of the coins shown together. Asks nobody: 'chandlery up' keeps them current.
    """
    import orjson

    from chandlery.collect.keeper import Keeper
    from chandlery.collect.wanted import to_ms
    from chandlery.settings import read_settings

    at_ms = None if at is None else to_ms(at)
    with Keeper(read_settings(home=home)) as keeper:
        snapshot = keeper.market.biggest(top, at_ms)
    if as_json:
        say(orjson.dumps(_dict(snapshot)).decode())
    elif snapshot is None:
        then = "" if at_ms is None else f" at {ms_to_text(at_ms)} or before"
        note(f"No market caps are kept{then}. 'chandlery up' collects them every minute.")
    else:
        _table([_HEADINGS, *_lines(snapshot)])
        note(f"{ms_to_text(snapshot.taken_ms)}, {snapshot.currency}. Data provided by CoinGecko.")


def _dict(snapshot: MarketCapSnapshot | None) -> dict[str, object]:
    if snapshot is None:
        return {"taken_ms": None, "currency": None, "coins": []}
    names = ("id", "symbol", "name", "rank", "price", "market_cap", "change_24h_percent")
    coins = [{name: _plain(getattr(coin, name)) for name in names} for coin in snapshot.coins]
    return {"taken_ms": snapshot.taken_ms, "currency": snapshot.currency, "coins": coins}


def _plain(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else value


def _lines(snapshot: MarketCapSnapshot) -> list[tuple[str, ...]]:
    total = sum((coin.market_cap or Decimal(0) for coin in snapshot.coins), Decimal(0))
    return [_line(place, coin, total) for place, coin in enumerate(snapshot.coins, start=1)]


def _line(place: int, coin: MarketCap, total: Decimal) -> tuple[str, ...]:
    cap, change = coin.market_cap, coin.change_24h_percent
    return (
        str(coin.rank or place),
        coin.symbol.upper(),
        coin.name,
        "" if coin.price is None else f"{coin.price:,f}",
        "" if change is None else f"{change:+.2f}",
        "" if cap is None else f"{cap:,f}",
        "" if cap is None or not total else f"{cap * 100 / total:.2f}",
    )


def _table(lines: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        left = [text.ljust(width) for text, width in zip(line[:3], widths[:3], strict=True)]
        right = [text.rjust(width) for text, width in zip(line[3:], widths[3:], strict=True)]
        say("  ".join([*left, *right]).rstrip())
