"""Figure: the whole history from the archive, beside other downloaders of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.processes import PEERS, PYTHON, Failed, ask
from bench.shelf import SERIES, UNTIL, World
from bench.tables import MEGABYTE, Table, seconds, times, verdict

LAST: Final = date(2026, 11, 9)
_SECONDS: Final = 10.0
_MEMORY: Final = 300
_NINE_YEARS: Final = 4_850_000
_TIMES_BARE: Final = 1.7
_TIMES_PEER: Final = 5.0
_HEADS: Final = ("client", "what lies there", "whole time", "Chandlery takes", "CPU", "memory")


@dataclass(frozen=True, slots=True)
class Client:
    """One way to download, and the Python that has it."""

    name: str
    result: str
    module: str
    python: Path | str = PYTHON
    words: tuple[str, ...] = ()


CHANDLERY: Final = Client("Chandlery", "store", "bench.clients.backfill_client")
BARE: Final = Client(
    "bare script, floats", "Parquet", "bench.clients.bare_archive_client", words=("floats",)
)
EXACT: Final = Client(
    "bare script, decimals", "Parquet", "bench.clients.bare_archive_client", words=("exact",)
)
BULK: Final = Client(
    "binance-bulk-downloader", "CSV", "bench.clients.bulk_downloader_client", PEERS
)
DUMPER: Final = Client(
    "binance_historical_data", "CSV", "bench.clients.historical_data_client", PEERS
)
PARSING: Final = Client("parsing a peer's CSV", "Parquet", "bench.clients.csv_client")
"""What a peer's user has left to do: once more a process of its own."""

Found = Sequence[Mapping[str, Any]]
Runs = dict[Client, list[dict[str, Any]]]


def downloads(world: World, folder: Path, first: date, rounds: int) -> Table:
    """Download everything with every client in turn, some times over.

    The home of Chandlery's last round stays as `home` in `folder`.
    """
    clients = [CHANDLERY, BARE, EXACT, *((BULK, DUMPER) if PEERS.exists() else ())]
    runs: Runs = {}
    for number in range(1, rounds + 1):
        for client in clients:
            print(f"  round {number}: {client.name}", file=sys.stderr)
            for made, found in _downloaded(client, world, folder / f"round{number}", first):
                runs.setdefault(made, []).append(found)
    _check(runs)
    (folder / f"round{rounds}" / CHANDLERY.result).rename(folder / "home")
    candles = runs[CHANDLERY][0]["candles"]
    return Table(
        f"{candles:,} candles of {SERIES} from the archive",
        _HEADS,
        _rows(runs),
        [*_notes(runs, rounds), *_aims(runs, candles)],
    )


def _downloaded(
    client: Client, world: World, folder: Path, first: date
) -> Sequence[tuple[Client, dict[str, Any]]]:
    place = folder / (client.result if client is CHANDLERY else client.name.replace(" ", "-"))
    place.mkdir(parents=True)
    if client is CHANDLERY:
        words = ("--since", first.isoformat(), "--until", UNTIL, SERIES)
        settings = world.settings | {"CHANDLERY_HOME": str(place)}
        return [(client, ask(client.python, client.module, *words, **settings))]
    task = (world.archive, str(place), first.isoformat(), LAST.isoformat(), *client.words)
    found = [(client, ask(client.python, client.module, *task))]
    if client is BULK:
        found.append((PARSING, ask(PARSING.python, PARSING.module, place)))
    return found


def _check(runs: Runs) -> None:
    """Nobody is quick by bringing less."""
    candles = {client.name: {one["candles"] for one in found} for client, found in runs.items()}
    if len(set().union(*candles.values())) != 1:
        raise Failed(f"the clients brought different numbers of candles: {candles}")
    failures = [text for one in runs[CHANDLERY] for text in one["failures"]]
    if failures:
        raise Failed(f"the backfill failed: {failures[0]}")


def _rows(runs: Runs) -> list[list[str]]:
    rows = [_row(client.name, client.result, found, runs) for client, found in runs.items()]
    parsed = _parsed(runs)
    if parsed:
        rows.append(_row("the quicker of the two, then parsed", "Parquet", parsed, runs))
    return rows


def _best(runs: Runs) -> Found:
    """The runs of the quicker of the two; none when they were left out."""
    peers = [runs[client] for client in (BULK, DUMPER) if client in runs]
    return min(peers, key=lambda found: median(_whole(found)), default=[])


def _parsed(runs: Runs) -> Found:
    return [_added(*pair) for pair in zip(_best(runs), runs.get(PARSING, []), strict=True)]


def _added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "seconds": one["seconds"] + other["seconds"],
        "cpu": one["cpu"] + other["cpu"],
        "memory": max(one["memory"], other["memory"]),
    }


def _row(name: str, result: str, found: Found, runs: Runs) -> list[str]:
    return [
        name,
        result,
        seconds([one["seconds"] for one in found]),
        f"{_times(runs, found):.2f} x as long",
        f"{median(one['cpu'] for one in found):.1f} s",
        f"{max(one['memory'] for one in found) / MEGABYTE:.0f} MB",
    ]


def _whole(found: Found) -> list[float]:
    return [one["seconds"] for one in found]


def _times(runs: Runs, theirs: Found) -> float:
    return times(_whole(runs[CHANDLERY]), _whole(theirs))


def _notes(runs: Runs, rounds: int) -> list[str]:
    ours = runs[CHANDLERY][0]
    return [
        f"Medians of {rounds} (least-most), the clients in turn, {ours['files']} zips each.",
        "Chandlery verifies their checksums, checks each row and keeps exact decimals.",
        f"It also asks REST about the holes ({ours['pages']} pages), and writes a ledger.",
        "How many times as long: each round compared with itself, then the median.",
        "The bare script: one file after another; no checksums, no checks, no holes.",
        "The two others unzip, to CSV, several at once: no checksums, no parsing, no store.",
        *([] if PEERS.exists() else ["They were left out: there is no .venv-peers."]),
    ]


def _aims(runs: Runs, candles: int) -> list[str]:
    ours = median(_whole(runs[CHANDLERY]))
    bare = _times(runs, runs[BARE])
    return [
        f"Chandlery: {candles / ours:,.0f} candles a second.",
        _aim("seconds for nine years", _SECONDS, ours * _NINE_YEARS / candles),
        _aim("times as long as the bare script with floats", _TIMES_BARE, bare),
        _memory_aim(runs[CHANDLERY]),
        *([_peer_aim(runs)] if _best(runs) else []),
    ]


def _aim(what: str, most: float, came: float) -> str:
    return f"Aim: at most {most:g} {what}; {came:.2f}: {verdict(met=came <= most)}."


def _memory_aim(found: Found) -> str:
    memory = max(one["memory"] for one in found) / MEGABYTE
    before = max(one["memory_before"] for one in found) / MEGABYTE
    return (
        f"Aim: under {_MEMORY} MB of memory; {memory:.0f}, of which {before:.0f} are there after "
        f"the imports: {verdict(met=memory < _MEMORY)}."
    )


def _peer_aim(runs: Runs) -> str:
    faster, parsed = 1 / _times(runs, _best(runs)), 1 / _times(runs, _parsed(runs))
    return (
        f"Aim: {_TIMES_PEER:g} times as fast as the quicker of the two; {faster:.2f} times: "
        f"{verdict(met=faster >= _TIMES_PEER)}. With what they leave parsed, {parsed:.2f} times."
    )
