"""`ping` and `time`, which all interfaces have."""

from __future__ import annotations

from typing import Final

import orjson

from chandlery.sandbox.binance.asking import Asking, Endpoint, Endpoints, always


def answer_ping(asking: Asking) -> bytes:
    """Nothing but an answer."""
    asking.query.done()
    return b"{}"


def answer_time(asking: Asking) -> bytes:
    """What the exchange's clock says."""
    asking.query.done()
    return orjson.dumps({"serverTime": asking.time(asking.now_ms + asking.skew_ms)})


SERVER_TIME: Final[Endpoints] = {
    "ping": Endpoint(always(1), answer_ping),
    "time": Endpoint(always(1), answer_time),
}
