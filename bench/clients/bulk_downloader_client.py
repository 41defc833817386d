"""binance-bulk-downloader, unchanged but for the addresses: months, then days, as CSV files."""

from __future__ import annotations

# Lives in .venv-peers alone.
from binance_bulk_downloader.downloader import (  # type: ignore[import-not-found]
    BinanceBulkDownloader,
)

from bench.clients.downloading import INTERVAL, SYMBOL, Download, download


def fetch(task: Download) -> None:
    """All files that are listed; a thread for each core and four more, a chunk of 100 at a time."""
    BinanceBulkDownloader._BINANCE_DATA_S3_BUCKET_URL = f"{task.archive}/"  # noqa: SLF001
    BinanceBulkDownloader._BINANCE_DATA_DOWNLOAD_BASE_URL = task.archive  # noqa: SLF001
    for period in ("monthly", "daily"):
        downloader = BinanceBulkDownloader(
            destination_dir=str(task.folder),
            data_frequency=INTERVAL,
            asset="spot",
            timeperiod_per_file=period,
            symbols=SYMBOL,
        )
        # Its threads race for the folder otherwise, and files of those that lose are lost.
        (task.folder / "data/spot" / period / "klines" / SYMBOL / INTERVAL).mkdir(parents=True)
        downloader.console.quiet = True
        downloader.run_download()


if __name__ == "__main__":
    download(fetch)
