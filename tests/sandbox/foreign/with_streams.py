"""ccxt.pro, python-binance and the official client: a minute's last message from each."""

# mypy: ignore-errors
# (the clients are installed in the other environment only)

from __future__ import annotations

import asyncio
import json
import sys

import ccxt.pro
from binance import AsyncClient, BinanceSocketManager
from binance_common.configuration import ConfigurationWebSocketStreams
from binance_sdk_spot.spot import Spot

REST, STREAMS = sys.argv[1:]


class Sandbox(AsyncClient):
    """python-binance's client with another address."""

    API_URL = f"{REST}/api"


async def with_ccxt() -> list[float]:
    """The second candle that ccxt watches: the first one has closed by then."""
    exchange = ccxt.pro.binance({"options": {"fetchMarkets": {"types": ["spot"]}}})
    exchange.newUpdates = False
    exchange.urls["api"]["public"] = f"{REST}/api/v3"
    exchange.urls["api"]["ws"]["spot"] = f"{STREAMS}/ws"
    try:
        while True:
            candles = await exchange.watch_ohlcv("BTC/USDT", "1s")
            if len(candles) > 1:
                return candles[-2]
    finally:
        await exchange.close()


async def with_python_binance() -> list[dict]:
    """The first closed candle of a raw stream, and of a combined one."""
    client = Sandbox()
    manager = BinanceSocketManager(client)
    manager.STREAM_URL = f"{STREAMS}/"
    found = []
    for socket in (
        manager.kline_socket("BTCUSDT", interval="1s"),
        manager.multiplex_socket(["btcusdt@kline_1s", "ethusdt@kline_1s"]),
    ):
        async with socket as stream:
            while True:
                message = await stream.recv()
                candle = message.get("data", message)["k"]
                if candle["x"]:
                    found.append(candle)
                    break
    await client.close_connection()
    return found


async def with_binance_sdk() -> dict:
    """The first closed candle that the official client is told, through its typed models."""
    settings = ConfigurationWebSocketStreams(stream_url=STREAMS)
    connection = await Spot(config_ws_streams=settings).websocket_streams.create_connection()
    closed = asyncio.get_running_loop().create_future()

    def heard(message) -> None:  # noqa: ANN001
        if message.k.x and not closed.done():
            closed.set_result({name: getattr(message.k, name) for name in "stcv"})

    stream = await connection.kline(symbol="btcusdt", interval="1s")
    stream.on("message", heard)
    try:
        return await asyncio.wait_for(closed, 20)
    finally:
        await connection.close_connection(close_session=True)


async def all_of_them() -> dict:
    """What each of them found."""
    return {
        "ccxt": await with_ccxt(),
        "python_binance": await with_python_binance(),
        "binance_sdk": await with_binance_sdk(),
    }


print(json.dumps(asyncio.run(all_of_them())))  # noqa: T201  the answer
