"""What answers are made from: invented or recorded candles, rendered as the exchange does."""
