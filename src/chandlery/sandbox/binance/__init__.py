"""Binance's spot REST interface: parameters, refusals, weights, endpoints. No HTTP server here."""
