"""Binance's archive: zips of candles by month and by day, their checksums, their listing.

Files are made when they are asked for, from the same market as the REST interface, and the same
for the same market every time. No HTTP server here.
"""
