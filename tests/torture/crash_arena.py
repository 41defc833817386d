"""The exchange, the mother of the victims, and a place for each chain of them."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import psycopg

from chandlery.sandbox import Sandbox
from chandlery.store import sqlite_url
from tests.collect.rehearsal import EARLY_MS, SOL, afresh, rehearsing
from tests.torture.crash_cases import Case
from tests.torture.crash_mother import Mother
from tests.torture.crash_places import Place

_NUMBERS = itertools.count(1)


class Arena:
    """The exchange, the mother of the victims, and a place for each chain of them."""

    def __init__(self, box: Sandbox, mother: Mother, folder: Path) -> None:
        self.box = box
        self.mother = mother
        self._folder = folder
        with rehearsing(box, folder / "truth", now_ms=EARLY_MS) as desk:
            self.served = desk.served(SOL, until_ms=EARLY_MS)
        self._seconds: dict[str, float] = {}

    def place(self, postgres: str | None) -> Place:
        """An empty place, whose exchange behaves."""
        afresh(self.box, EARLY_MS)
        number = next(_NUMBERS)
        home = self._folder / f"{number}"
        home.mkdir()
        url = sqlite_url(home / "chandlery.db") if postgres is None else _schema(postgres, number)
        settings = {
            "home": str(home),
            "store_url": url,
            "csv": str(home / "crypto.csv"),
            "series": SOL,
            "binance_url": self.box.binance_url,
            "binance_archive_url": self.box.archive_url,
        }
        return Place(home, url, settings, self.served)

    def prepared(self, case: Case, postgres: str | None) -> Place:
        """A place in which the work of a case can begin."""
        place = self.place(postgres)
        case.prepare(self.mother, place)
        return place

    def seconds(self, name: str, case: Case, postgres: str | None) -> float:
        """How long a victim works when nobody kills it; measured once, and looked at as well."""
        key = f"{name} {postgres}"
        if key not in self._seconds:
            place = self.prepared(case, postgres)
            self._seconds[key] = self.live(case, place)
        return self._seconds[key]

    def live(self, case: Case, place: Place) -> float:
        """Let a victim end by itself, and look that all is done; the seconds that it took."""
        said = place.home / "living.said"
        victim = self.mother.bear(case.work, said, **case.about(place))
        took = victim.end()
        case.check(place, victim.acknowledged())
        case.whole(place, victim.acknowledged())
        return took

    def die(self, case: Case, place: Place, seconds: float) -> bool:
        """Kill a victim after some seconds and look at what it leaves; whether it died of that."""
        said = place.home / "dying.said"
        victim = self.mother.bear(case.work, said, **case.about(place))
        time.sleep(seconds)
        killed = victim.kill()
        case.check(place, victim.acknowledged())
        return killed


def _schema(postgres: str, number: int) -> str:
    name = f"crash_{number}"
    with psycopg.connect(postgres) as conn:
        conn.execute(f"CREATE SCHEMA {name}".encode())
    return f"{postgres}&options=-csearch_path%3D{name}"
