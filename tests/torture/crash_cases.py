"""The pieces of work that are interrupted: how each begins, and what holds after a kill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from chandlery.candles.binance_rows import csv_text
from chandlery.candles.files import read_candles
from tests.torture.crash_mother import Mother
from tests.torture.crash_places import Place, version_2
from tests.torture.crash_victims import FIRST_ROWS, FORMS, LENGTHS, SINCE_MS, STEP

Check = Callable[[Place, list[str]], None]


@dataclass(frozen=True)
class Case:
    """One piece of work. `check` gets what the victim had acknowledged."""

    work: str
    prepare: Callable[[Mother, Place], None]
    about: Callable[[Place], dict[str, object]]
    check: Check
    whole: Check
    """What holds when it has ended by itself, beside `check`."""
    on_postgres: bool = True


def _nothing(_mother: Mother, _place: Place) -> None:
    """The first victim finds an empty folder."""


def _made(work: str) -> Callable[[Mother, Place], None]:
    """A store made by a function of the victims, in its own process."""

    def prepare(mother: Mother, place: Place) -> None:
        said = place.home / "prepared.said"
        mother.bear(work, said, **place.tiers, candles=str(candles_of(place))).end()
        place.held = _opens(place.served)

    return prepare


def _older(_mother: Mother, place: Place) -> None:
    version_2(place.url, place.served)
    place.held = _opens(place.served)


def candles_of(place: Place) -> Path:
    """A file of all candles, for victims."""
    path = place.home / "served.parquet"
    if not path.exists():
        place.served.write_parquet(path)
    return path


def _opens(frame: pl.DataFrame) -> set[int]:
    return set(frame["open_time"].dt.epoch("ms").to_list())


def _collected(place: Place, said: list[str]) -> None:
    """Every page that was acknowledged is there; the CSV is absent or a true one."""
    reached_ms = max((int(line.split()[0]) for line in said), default=SINCE_MS - 1)
    promised = {one for one in _opens(place.served) if SINCE_MS <= one <= reached_ms}
    place.survives(promised)
    path = place.home / "crypto.csv"
    if path.exists():
        frame = read_candles(path)
        last = place.served.tail(frame.height - 1)
        assert frame.join(last, on="open_time", how="semi").equals(last)


def _all_collected(place: Place, _said: list[str]) -> None:
    place.is_whole(since_ms=SINCE_MS)
    assert read_candles(place.home / "crypto.csv").height == 500
    assert drafts(place.home) == []


def _backfilled(place: Place, said: list[str]) -> None:
    place.survives(_opens(place.served) if said else set())


def _all_backfilled(place: Place, _said: list[str]) -> None:
    place.is_whole()
    place.is_tidy()


def _still_there(place: Place, _said: list[str]) -> None:
    """Every candle was there before, so every one is there now."""
    place.survives(_opens(place.served))


def _tidy(place: Place, _said: list[str]) -> None:
    place.is_whole()
    place.is_tidy()


def _csv(place: Place, said: list[str]) -> None:
    """The file is the one that was acknowledged last, or the next, to the byte."""
    path = place.home / "crypto.csv"
    if not path.exists():
        assert not said
        return
    content = path.read_text()
    rows = content.count("\n")
    assert content == csv_text(place.served.slice(0, rows))
    if said:
        assert int(said[-1]) <= rows <= int(said[-1]) + STEP
    else:
        assert rows >= FIRST_ROWS


def _csv_whole(place: Place, _said: list[str]) -> None:
    assert (place.home / "crypto.csv").read_text() == csv_text(place.served)
    assert drafts(place.home) == []


def _exports(place: Place, said: list[str]) -> None:
    """Each file is one of the two whole ones; absent only as long as none was acknowledged."""
    promised = {line.split()[1] for line in said}
    for ending in FORMS:
        path = place.home / f"candles.{ending}"
        assert path.exists() or ending not in promised, ending
        if path.exists():
            frame = read_candles(path)
            assert frame.equals(place.served.tail(frame.height))
            assert frame.height in LENGTHS


def drafts(folder: Path) -> list[str]:
    """What the dead have left beside the files that they wrote."""
    return [path.name for path in folder.iterdir() if path.name.endswith(".draft")]


def _exported(place: Place, said: list[str]) -> None:
    _exports(place, said)
    found = {ending: read_candles(place.home / f"candles.{ending}").height for ending in FORMS}
    assert found == dict.fromkeys(FORMS, LENGTHS[-1])
    assert drafts(place.home) == []


def _tiers(place: Place) -> dict[str, object]:
    return {**place.tiers}


def _settings(place: Place) -> dict[str, object]:
    return {"settings": place.settings}


CASES: Final = {
    "collect": Case("collect", _nothing, _settings, _collected, _all_collected),
    "backfill": Case("backfill", _nothing, _settings, _backfilled, _all_backfilled),
    "fold": Case("fold", _made("keep"), _tiers, _still_there, _tidy),
    "compaction": Case("compact", _made("scatter"), _tiers, _still_there, _tidy),
    "migration": Case("carry_forward", _older, _tiers, _still_there, _tidy),
    "csv": Case(
        "write_csv",
        _nothing,
        lambda place: {
            "path": str(place.home / "crypto.csv"),
            "candles": str(candles_of(place)),
        },
        _csv,
        _csv_whole,
        on_postgres=False,  # it asks no store
    ),
    "export": Case(
        "export",
        _made("keep"),
        lambda place: {"settings": place.settings, "folder": str(place.home)},
        _exports,
        _exported,
    ),
}
"""By name."""
