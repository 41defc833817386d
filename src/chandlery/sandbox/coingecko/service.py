"""CoinGecko's interface: `/ping`, `/coins/markets`, `/global`, with its limits and its errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from multidict import MultiMapping

from chandlery.candles.interval import MINUTE_MS
from chandlery.errors import BadFile
from chandlery.sandbox.clock import SandboxClock
from chandlery.sandbox.coingecko.coin_market import RATES, CoinMarket
from chandlery.sandbox.coingecko.coins import COINS
from chandlery.sandbox.options import SandboxOptions
from chandlery.sandbox.reply import Reply
from chandlery.sandbox.sources.synthetic import SyntheticSource

_TYPE: Final = "application/json; charset=utf-8"
_PREFIX: Final = "/api/v3"
_MOST_ON_PAGE: Final = 250
_WINDOWS: Final = ("1h", "24h", "7d", "14d", "30d", "200d", "1y")
_PRECISION: Final = re.compile(r"full|1[0-8]|[0-9]")
_ORDERS: Final[dict[str, tuple[str, bool]]] = {
    "market_cap_desc": ("market_cap", True),
    "market_cap_asc": ("market_cap", False),
    "volume_desc": ("total_volume", True),
    "volume_asc": ("total_volume", False),
    "id_asc": ("id", False),
    "id_desc": ("id", True),
}
_LIMITED: Final = (
    "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing "
    "to subscribe to our API plans for higher rate limits."
)


class CoinGeckoService:
    """The service behind its paths. Keys of both kinds are accepted and change nothing."""

    def __init__(
        self, source: SyntheticSource, clock: SandboxClock, options: SandboxOptions
    ) -> None:
        self._market = CoinMarket(source)
        self._clock = clock
        self._limit = options.coingecko_limit
        self._bodies = _recorded(options)
        self._minute = -1
        self._calls = 0

    def reply(
        self, path: str, query: MultiMapping[str], headers: Mapping[str, str], skew_ms: int = 0
    ) -> Reply:
        """Answer one request. Every call counts, refused ones too."""
        del headers, skew_ms
        now_ms = self._clock.now_ms()
        wait = self._count(now_ms)
        if wait:
            return _json(429, {"status": {"error_code": 429, "error_message": _LIMITED}}, wait)
        match path.removeprefix(_PREFIX):
            case "/ping":
                return _json(200, {"gecko_says": "(V3) To the Moon!"})
            case "/coins/markets":
                return self._markets(query, now_ms)
            case "/global":
                return _json(200, {"data": self._market.whole(now_ms)})
            case _:
                return _json(
                    404, {"error": "Incorrect path. Please check https://docs.coingecko.com/"}
                )

    def _count(self, now_ms: int) -> int:
        """Seconds to wait, or 0."""
        minute = now_ms // MINUTE_MS
        if minute != self._minute:
            self._minute, self._calls = minute, 0
        self._calls += 1
        return 0 if self._calls <= self._limit else 60 - now_ms % MINUTE_MS // 1000

    def _markets(self, query: MultiMapping[str], now_ms: int) -> Reply:
        currency = query.get("vs_currency", "").lower()
        if not currency:
            return _json(422, {"error": "Missing parameter vs_currency"})
        if currency not in RATES:
            return _json(422, {"error": "invalid vs_currency"})
        page, per_page = _number(query, "page", 1), _number(query, "per_page", 100)
        if page is None or per_page is None or per_page > _MOST_ON_PAGE:
            return _json(422, {"error": "page must be 1 or more and per_page 1 to 250"})
        if self._bodies:
            body = self._bodies[page - 1] if page <= len(self._bodies) else b"[]"
            return Reply(200, body, _TYPE)
        windows = [each for each in query.get("price_change_percentage", "").split(",") if each]
        precision = query.get("precision")
        if not set(windows) <= set(_WINDOWS) or (precision and not _PRECISION.fullmatch(precision)):
            return _json(422, {"error": "invalid price_change_percentage or precision"})
        rows = self._market.rows(
            now_ms,
            currency,
            windows=windows,
            sparkline=query.get("sparkline") == "true",
            precision=precision,
        )
        chosen = _ordered(_picked(rows, query), query.get("order", "market_cap_desc"))
        return _json(200, chosen[(page - 1) * per_page : page * per_page])


def _number(query: MultiMapping[str], name: str, default: int) -> int | None:
    text = query.get(name, str(default))
    return int(text) if text.isdecimal() and int(text) > 0 else None


def _picked(rows: list[dict[str, Any]], query: MultiMapping[str]) -> list[dict[str, Any]]:
    """Ids come before names, names before symbols."""
    for parameter, field in (("ids", "id"), ("names", "name"), ("symbols", "symbol")):
        if query.get(parameter):
            wanted = {each.strip().lower() for each in query[parameter].split(",")}
            return [row for row in rows if row[field].lower() in wanted]
    return rows


def _ordered(rows: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    """Unknown orders are taken as the default; nulls come last."""
    field, down = _ORDERS.get(order, _ORDERS["market_cap_desc"])
    known = [row for row in rows if row[field] is not None]
    unknown = [row for row in rows if row[field] is None]
    return sorted(known, key=lambda row: row[field], reverse=down) + unknown


def _json(status: int, body: object, retry_after: int | None = None) -> Reply:
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Reply(status, orjson.dumps(body), _TYPE, headers)


def _recorded(options: SandboxOptions) -> list[bytes]:
    bodies = []
    for path in options.coingecko_replay:
        try:
            body = path.read_bytes()
            if not isinstance(orjson.loads(body), list):
                raise BadFile(path, "is not the array that /coins/markets answers with.")
        except OSError as error:
            raise BadFile(path, f"cannot be read: {error.strerror}.") from error
        except orjson.JSONDecodeError as error:
            raise BadFile(path, f"is not JSON: {error}.") from error
        bodies.append(body)
    return bodies


assert len({coin.id for coin in COINS}) == len(COINS)  # noqa: S101  a typo in the table
