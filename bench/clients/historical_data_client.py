"""binance_historical_data, unchanged but for the address: months and days, as CSV files."""

from __future__ import annotations

# Lives in .venv-peers alone.
from binance_historical_data import BinanceDataDumper  # type: ignore[import-not-found]

from bench.clients.downloading import INTERVAL, SYMBOL, Download, download


class LoopbackDumper(BinanceDataDumper):  # type: ignore[misc]  # its types are not known
    """Asks the archive of the figure, and no other host."""

    def get_list_all_trading_pairs(self) -> list[str]:
        """Not by asking ipinfo.io for the country and Binance for its symbols."""
        return [SYMBOL]


def fetch(task: Download) -> None:
    """Ten processes at once, each with one file."""
    dumper = LoopbackDumper(str(task.folder), data_frequency=INTERVAL)
    dumper._base_url = f"{task.archive}/data"  # noqa: SLF001
    dumper.dump_data([SYMBOL], date_start=task.first.replace(day=1), date_end=task.last)


if __name__ == "__main__":
    download(fetch)
