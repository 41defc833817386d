"""CoinGecko's interface over the invented market."""
