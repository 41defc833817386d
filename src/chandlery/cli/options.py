"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None, typer.Option(help="Folder of the store [CHANDLERY_HOME].", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Last = Annotated[int | None, typer.Option(help="The newest N candles.", metavar="N")]
Since = Annotated[
    str | None, typer.Option(help="From this time on, such as 2024-12-31 (UTC).", metavar="T")
]
Until = Annotated[str | None, typer.Option(help="Up to, not including, this time.", metavar="T")]
SeriesName = Annotated[
    str,
    typer.Argument(help="EXCHANGE:SYMBOL:INTERVAL, as in binance:BTCUSDT:1h.", metavar="SERIES"),
]
Port = Annotated[int | None, typer.Option(help="Port of the page; 0 for any free one.")]
