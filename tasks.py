"""Collect once: `python tasks.py` fetches, shows and keeps the newest candles."""

from chandlery.cli.collecting import once
from chandlery.cli.main import errors_as_lines

if __name__ == "__main__":
    with errors_as_lines():
        once()
