"""Asking a sandbox over HTTP, as any client would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlencode

import orjson
import urllib3

from chandlery.sandbox import Sandbox

NOW_MS: Final = 1_741_964_966_535
"""2025-03-14 15:09:26.535 UTC; the market of seed 1 has no outage near."""
SECOND: Final = 1_000
MINUTE: Final = 60_000
HOUR: Final = 3_600_000
DAY: Final = 86_400_000


class Asker:
    """A client of one sandbox."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=5, read=10))

    def get(
        self, path: str, headers: dict[str, str] | None = None, /, **params: object
    ) -> urllib3.BaseHTTPResponse:
        """One GET below /api/v3 of the exchange."""
        url = f"{self.box.binance_url}/api/v3/{path}"
        return self.fetch("GET", f"{url}?{urlencode(params)}" if params else url, headers)

    def rows(self, **params: object) -> list[list[Any]]:
        """The rows of a klines answer."""
        answer = self.get("klines", **params)
        assert answer.status == 200, answer.data
        rows: list[list[Any]] = orjson.loads(answer.data)
        return rows

    def json(self, path: str, /, **params: object) -> Any:  # noqa: ANN401
        """A good answer, read."""
        answer = self.get(path, **params)
        assert answer.status == 200, answer.data
        return orjson.loads(answer.data)

    def refusal(self, path: str, query: str) -> tuple[int, int, str]:
        """Status, code and text of a refused request."""
        answer = self.fetch("GET", f"{self.box.binance_url}/api/v3/{path}?{query}")
        body = orjson.loads(answer.data)
        return answer.status, body["code"], body["msg"]

    def gecko(self, path: str, /, **params: object) -> urllib3.BaseHTTPResponse:
        """One GET of CoinGecko."""
        return self.fetch("GET", f"{self.box.coingecko_url}{path}?{urlencode(params)}")

    def fetch(
        self, method: str, url: str, headers: dict[str, str] | None = None, body: object = None
    ) -> urllib3.BaseHTTPResponse:
        """Any request."""
        data = None if body is None else orjson.dumps(body)
        return self._pool.request(method, url, headers=headers, body=data)

    def close(self) -> None:
        """Drop the connections."""
        self._pool.clear()


@contextmanager
def asking(**options: Any) -> Iterator[Asker]:  # noqa: ANN401
    """A sandbox of these options, and a client of it."""
    with Sandbox(**options) as box:
        asker = Asker(box)
        try:
            yield asker
        finally:
            asker.close()
