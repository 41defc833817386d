"""Binance's market streams over WebSocket: candles and 24-hour tickers, from the same market."""
