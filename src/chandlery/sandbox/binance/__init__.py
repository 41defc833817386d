"""Binance's REST interfaces: parameters, refusals, weights, endpoints. No HTTP server here."""
