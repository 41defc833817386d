"""A few readers at once, each with one connection kept alive, for a given time.

`http.client` rather than a pool: the less the load costs, the more of the cores the server has.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse
from statistics import quantiles
from typing import Final

WARM_UP: Final = 1.0
"""Seconds that are not counted."""


class Reader:
    """One connection that asks for `paths` in turn and must always get `status`."""

    def __init__(self, port: int, paths: Sequence[str], *, revalidate: bool) -> None:
        self._connection = HTTPConnection("127.0.0.1", port)
        self._paths = paths
        self._status = 200
        self._headers: dict[str, str] = {}
        if revalidate:
            self._headers["If-None-Match"] = self._ask(paths[0]).headers["ETag"]
            self._status = 304

    def read(self, begins: float, ends: float) -> list[float]:
        """How long each answer took that was asked for between `begins` and `ends`."""
        took: list[float] = []
        asked = time.perf_counter()
        number = 0
        while asked < ends:
            self._ask(self._paths[number % len(self._paths)])
            number += 1
            answered = time.perf_counter()
            if asked >= begins:
                took.append(answered - asked)
            asked = answered
        return took

    def _ask(self, path: str) -> HTTPResponse:
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        response.read()
        if response.status != self._status:
            msg = f"{path} was answered {response.status}"
            raise RuntimeError(msg)
        return response


def main() -> None:
    """Print requests per second, and the median and 99th percentile of the latency in ms."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--readers", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--revalidate", action="store_true")
    parser.add_argument("paths", nargs="+")
    asked = parser.parse_args()
    readers = [
        Reader(asked.port, asked.paths[number:] + asked.paths[:number], revalidate=asked.revalidate)
        for number in range(asked.readers)
    ]
    begins = time.perf_counter() + WARM_UP
    ends = begins + asked.seconds
    with ThreadPoolExecutor(len(readers)) as threads:
        each = threads.map(lambda reader: reader.read(begins, ends), readers)
        took = [one for reader in each for one in reader]
    cuts = quantiles(took, n=100)
    print(
        json.dumps(
            {
                "per_second": len(took) / asked.seconds,
                "p50_ms": cuts[49] * 1000,
                "p99_ms": cuts[98] * 1000,
            }
        )
    )


if __name__ == "__main__":
    main()
