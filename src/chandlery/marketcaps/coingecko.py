"""Market caps from CoinGecko: keyless, with a demo key, or with a paid one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

from chandlery.clock import Clock, SystemClock
from chandlery.errors import BadSpan
from chandlery.market import MarketCap, MarketCapSnapshot
from chandlery.marketcaps import coingecko_wire as wire
from chandlery.transport.budget import Budget, MinuteBudget
from chandlery.transport.sender import Sender
from chandlery.transport.service import MANNERS, Manners, Service

MOST: Final = 1000
CALLS_PER_MINUTE: Final = 10
"""Below every limit that CoinGecko has had for callers without a key (5 to 15, shared by IP)."""


class CoinGecko:
    """The biggest coins. Thread-safe; the constructor asks nobody.

    `urls` end in `/api/v3`. The key goes into the header that the first host wants, and into no
    message.
    """

    def __init__(
        self,
        urls: Sequence[str] | None = None,
        key: str | None = None,
        *,
        clock: Clock | None = None,
        budget: Budget | None = None,
        manners: Manners = MANNERS,
    ) -> None:
        self._clock = clock or SystemClock()
        service = Service(
            name="CoinGecko",
            urls=urls or wire.URLS,
            setting=wire.SETTING,
            if_blocked=wire.IF_BLOCKED,
        )
        budget = budget or MinuteBudget(self._clock, limit=CALLS_PER_MINUTE, share=1.0)
        self._sender = Sender(service, clock=self._clock, budget=budget, manners=manners)
        self._headers = wire.key_header(self._sender.first_url, key)

    def top(
        self, count: int = 10, currency: str = "usd", *, sparkline: bool = False
    ) -> MarketCapSnapshot:
        """The `count` biggest coins that have a market cap, biggest first; may be fewer.

        With `sparkline` each comes with the prices of its last seven days, one in four hours.
        Raises `BadSpan` for a count outside 1 to 1000, `Refused` for a currency or a key that
        CoinGecko does not take, and any other `RemoteError`.
        """
        if not 1 <= count <= MOST:
            msg = f"Ask for 1 to {MOST} coins, not {count}."
            raise BadSpan(msg)
        currency = currency.strip().lower()
        per_page = min(count, wire.PAGE_LIMIT)
        coins: list[MarketCap] = []
        for page in range(1, -(-count // per_page) + 1):
            listed = self._page(currency, per_page, page, sparkline=sparkline)
            coins += listed
            if len(listed) < per_page:
                break
        return MarketCapSnapshot(self._clock.now_ms(), currency, wire.biggest(coins, count))

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _page(self, currency: str, per_page: int, page: int, *, sparkline: bool) -> list[MarketCap]:
        request = wire.markets_request(
            currency=currency,
            per_page=per_page,
            page=page,
            headers=self._headers,
            sparkline=sparkline,
        )
        return self._sender.ask(request, lambda answer: wire.read_markets(answer, request))
