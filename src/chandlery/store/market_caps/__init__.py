"""Market caps over time, and the newest week of prices of the biggest coins."""
