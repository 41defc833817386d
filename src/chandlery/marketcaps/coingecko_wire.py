"""CoinGecko's wire, without a network: build the request, read the answer.

Numbers come as JSON numbers, whole or broken, and go to `Decimal` without passing through a
binary float.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from chandlery.errors import BadAnswer, ChandleryError, Refused, printable, shown
from chandlery.market import MarketCap
from chandlery.transport.request import Answer, Request
from chandlery.transport.verdict import excerpt

SETTING: Final = "CHANDLERY_COINGECKO_URL"
KEY_SETTING: Final = "CHANDLERY_COINGECKO_KEY"
URLS: Final = ("https://api.coingecko.com/api/v3",)
IF_BLOCKED: Final = (
    "CoinGecko's firewall refused this machine's address. Use fewer calls, a key "
    f"({KEY_SETTING}), or another network."
)
PAGE_LIMIT: Final = 250

_MOST_DIGITS: Final = 30
"""Before or after the point: no price, cap or percentage has more, and no store could keep it."""
_LAST_RANK: Final = 1_000_000
_EVERY_HOURS: Final = 4
_SIX_DIGITS: Final = Context(prec=6)
_PRO_HOST: Final = "pro-api.coingecko.com"
_PRO_HEADER: Final = "x-cg-pro-api-key"
_DEMO_HEADER: Final = "x-cg-demo-api-key"
_ADVICE: Final = {
    10002: f"A key is missing: set {KEY_SETTING}.",
    10005: "The key's plan does not include this.",
    10010: f"A paid key needs the paid host: set {SETTING} to https://{_PRO_HOST}/api/v3.",
    10011: f"A demo key needs the public host: leave {SETTING} unset.",
}


def key_header(url: str, key: str | None) -> dict[str, str]:
    """The header that carries the key: its name depends on the host, paid or public."""
    if not key:
        return {}
    host = urlsplit(url).hostname or ""
    return {_PRO_HEADER if host == _PRO_HOST else _DEMO_HEADER: key}


def markets_request(
    *,
    currency: str,
    per_page: int,
    page: int,
    headers: Mapping[str, str],
    sparkline: bool = False,
) -> Request:
    """One page of the coins with the biggest market cap, with a week of prices if wanted."""
    params: tuple[tuple[str, str], ...] = (
        ("vs_currency", currency),
        ("order", "market_cap_desc"),
        ("per_page", str(per_page)),
        ("page", str(page)),
        ("precision", "full"),
    )
    if sparkline:
        params = (*params, ("sparkline", "true"))
    return Request("/coins/markets", params, headers=headers)


def read_markets(answer: Answer, request: Request) -> list[MarketCap]:
    """The coins of one page, in the order given.

    Raises `Refused` for a coded refusal, and `BadAnswer` naming the coin and the field.
    """
    if answer.status != HTTPStatus.OK:
        raise _refusal(answer, request)
    found = _json(answer)
    if not isinstance(found, list):
        msg = f"the answer should be a list of coins, and is {shown(found, 100)}"
        raise BadAnswer(msg)
    return [_coin(number, entry) for number, entry in enumerate(found, start=1)]


def biggest(coins: Iterable[MarketCap], count: int) -> tuple[MarketCap, ...]:
    """The `count` biggest of the coins that have a market cap, each once, biggest first."""
    caps = {coin.id: (coin.market_cap, coin) for coin in coins if coin.market_cap}
    ranked = sorted(caps.values(), key=lambda pair: pair[0] or 0, reverse=True)
    return tuple(coin for _, coin in ranked[:count])


def _json(answer: Answer) -> object:
    try:
        found: object = json.loads(
            answer.body, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number
        )
    except (ValueError, InvalidOperation, RecursionError) as error:
        msg = f"{len(answer.body)} bytes that are no JSON{'' if answer.body else ' (empty)'}"
        raise BadAnswer(msg) from error
    return found


def _no_number(text: str) -> Decimal:
    msg = f"{text} is no number"
    raise ValueError(msg)


def _coin(number: int, entry: object) -> MarketCap:
    if not isinstance(entry, dict):
        msg = f"coin {number} is {shown(entry, 100)}"
        raise BadAnswer(msg)
    read = _Fields(number, entry)
    rank = read.rank()
    return MarketCap(
        id=read.text("id"),
        symbol=read.text("symbol"),
        name=read.text("name"),
        rank=rank,
        price=read.amount("current_price"),
        market_cap=read.amount("market_cap"),
        volume_24h=read.amount("total_volume"),
        change_24h_percent=read.decimal("price_change_percentage_24h"),
        last_updated_ms=read.time_ms("last_updated"),
        sparkline=_sparkline(entry.get("sparkline_in_7d")),
    )


def _sparkline(found: object) -> tuple[Decimal, ...]:
    """Every fourth of the hourly prices, the newest among them, to six digits.

    It is for a picture of an inch, so that what is odd in it is no reason to refuse a coin.
    """
    prices = found.get("price") if isinstance(found, dict) else None
    if not isinstance(prices, list):
        return ()
    known = [price for price in prices if isinstance(price, Decimal) and _fits(price)]
    return tuple(_SIX_DIGITS.create_decimal(price) for price in known[::-_EVERY_HOURS][::-1])


def _fits(number: Decimal) -> bool:
    """Whether it can be kept and shown, with all its digits; zeros have an exponent, too."""
    _, digits, exponent = number.as_tuple()
    return (
        isinstance(exponent, int)
        and abs(exponent) <= 2 * _MOST_DIGITS
        and len(digits) <= 2 * _MOST_DIGITS
        and abs(number.adjusted()) <= _MOST_DIGITS
    )


class _Fields:
    """The fields of one coin; each is there, null where that is allowed, and of its type."""

    def __init__(self, number: int, entry: Mapping[str, Any]) -> None:
        self._number = number
        self._entry = entry

    def text(self, name: str) -> str:
        value = self._entry.get(name)
        if not isinstance(value, str) or not value:
            raise self._odd(name, "should be text")
        return printable(value)

    def decimal(self, name: str) -> Decimal | None:
        value = self._entry.get(name, "missing")
        if value is None:
            return None
        if not isinstance(value, Decimal) or not _fits(value):
            raise self._odd(name, "should be a number or null")
        return value

    def amount(self, name: str) -> Decimal | None:
        value = self.decimal(name)
        if value is not None and value < 0:
            raise self._odd(name, "should not be negative")
        return value

    def rank(self) -> int | None:
        name = "market_cap_rank"
        value = self.decimal(name)
        if value is not None and not 0 <= value <= _LAST_RANK:
            why = f"should be a rank up to {_LAST_RANK:,} or null"
            raise self._odd(name, why)
        return None if value is None else int(value)

    def time_ms(self, name: str) -> int | None:
        value = self._entry.get(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return round(aware.timestamp() * 1000)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._odd(name, "should be a time or null") from error

    def _odd(self, name: str, why: str) -> BadAnswer:
        value = self._entry.get(name, "missing")
        return BadAnswer(f"coin {self._number}: {name} {why}, and is {shown(value)}")


def _refusal(answer: Answer, request: Request) -> ChandleryError:
    code, text = _coded(answer)
    said = request.hide(text) if text else excerpt(answer, request).strip(" ()")
    asked = f"CoinGecko refused {request.shown()} with HTTP {answer.status}"
    advice = _ADVICE.get(code or 0, "")
    return Refused(f"{asked}: {said}. {advice}".strip(), code=code)


def _coded(answer: Answer) -> tuple[int | None, str]:
    """Code and text of an error in any of CoinGecko's three shapes."""
    try:
        body = _json(answer)
    except BadAnswer:
        return None, ""
    match body:
        case {"status": {"error_code": code, "error_message": str(text)}}:
            return _code(code), printable(text[:300])
        case {"error": {"status": {"error_code": code, "error_message": str(text)}}}:
            return _code(code), printable(text[:300])
        case {"error": str(text)}:
            return None, printable(text[:300])
    return None, ""


def _code(found: object) -> int | None:
    return int(found) if isinstance(found, Decimal) and found.adjusted() <= _MOST_DIGITS else None
