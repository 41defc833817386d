"""A lake in an object store, over the wire of S3."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from chandlery.candles.series import Series
from chandlery.clock import FrozenClock
from chandlery.errors import StoreError
from chandlery.store import Store, sqlite_url
from tests.store.crowd import Crowd, keep_and_fold
from tests.store.eager import SMALL
from tests.store.lakes import file_of, proven
from tests.store.pages import BTC, hours, page, prices

LAKE = "s3://bucket/some/lake"
SERVER = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
server.stop()
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def object_store() -> Iterator[str]:
    """The URL of an object store with one bucket."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        assert urllib3.request("PUT", f"{url}/bucket").status == 200
        yield url
        server.stdin.close()


@pytest.fixture
def lake(object_store: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A lake in it, with the environment that leads there."""
    for name, value in {
        "AWS_ENDPOINT_URL": object_store,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "open-sesame",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return LAKE


def test_everything(url: str, lake: str, clock: FrozenClock) -> None:
    """Fold, read, scan, file, compact and clean up: as in a folder."""
    place = f"{lake}/{'one' if url.startswith('sqlite') else 'two'}"
    rows = {n: n for n in range(30)}
    with Store.open(url, lake=place, clock=clock, policy=SMALL) as store:
        for first in range(0, 30, 3):
            part = {n: n for n in range(first, first + 3)}
            store.candles.keep(page(part), answered=hours(first, first + 3), source="rest")
            store.folding.fold(BTC, everything=True)
        candles = page({n: n for n in range(40, 50)})
        assert store.archive.keep(BTC, candles.frame, [file_of(candles)]).kept.new == 10
        clock.advance(90_000)
        store.folding.tidy(BTC)
        expected = rows | {n: n for n in range(40, 50)}
        assert prices(store.candles.read(BTC)) == expected
        assert prices(store.candles.scan(BTC, span=hours(5, 45)).collect()) == {
            n: n for n in expected if 5 <= n < 45
        }
        assert prices(store.candles.read(BTC, last=12)) == {n: n for n in (28, 29, *range(40, 50))}
        assert proven(store) == 40
    with Store.open(url, lake=place, policy=SMALL) as again:
        assert proven(again) == 40


def test_symbols_of_any_name(sqlite_path: Path, lake: str) -> None:
    """A symbol with a slash or Chinese characters is one and the same in the object store."""
    series = Series("other", "币安/U%SD", BTC.interval)
    with Store.open(sqlite_url(sqlite_path), lake=lake, policy=SMALL) as store:
        store.candles.keep(page({n: n for n in range(9)}, series=series), answered=None, source="x")
        store.folding.fold(series, everything=True)
        store.candles.keep(page({2: 20}, series=series), answered=None, source="x")
        store.folding.fold(series, everything=True)
        assert prices(store.candles.read(series)) == {n: n for n in range(9)} | {2: 20}
        assert proven(store, series) == 9


def test_by_all_at_once(url: str, lake: str) -> None:
    """Writers on several machines, with one lake, lose nothing and double nothing."""
    place = f"{lake}/together-{'one' if url.startswith('sqlite') else 'two'}"
    with Crowd(3) as machines:  # made here, so that they know the way to the object store
        assert machines.all_at_once(keep_and_fold, url, place, 5) == [5] * 3
    with Store.open(url, lake=place, policy=SMALL) as store:
        read = list(prices(store.candles.read(BTC)))
        assert read == [hour for hour in range(20) if hour % 4 < 3]
        assert proven(store) == 15


def test_no_bucket(sqlite_path: Path, lake: str) -> None:
    """A bucket that is not there is an error that names it; the candles stay in the database."""
    place = lake.replace("bucket", "nowhere")
    with Store.open(sqlite_url(sqlite_path), lake=place, policy=SMALL) as store:
        store.candles.keep(page({n: n for n in range(9)}), answered=None, source="rest")
        with pytest.raises(StoreError, match="s3://nowhere"):
            store.folding.fold(BTC, everything=True)
        assert proven(store) == 9
