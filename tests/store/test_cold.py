"""The lake: what goes wrong with it is told plainly, and names may be what they like."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from chandlery.candles.series import Series
from chandlery.errors import BadSetting, StoreCorrupt, StoreError, StoreUnwritable
from chandlery.store import Store, sqlite_url
from chandlery.store.lake.cold import Cold
from tests.store.eager import EVERYTHING, SMALL
from tests.store.lakes import file_of, files, in_files, proven
from tests.store.pages import BTC, hours, page, prices, same
from tests.store.test_failures import no_special_rights

pytestmark = pytest.mark.slow  # many, which take long together

ROWS = {n: n for n in range(9)}


@pytest.fixture
def url(sqlite_path: Path) -> str:
    """One engine is enough here: the lake is the same beside each."""
    return sqlite_url(sqlite_path)


def fold(store: Store, series: Series = BTC) -> None:
    """Keep nine candles of which seven go to the lake."""
    store.candles.keep(page(ROWS, series=series), answered=hours(0, 9), source="rest")
    store.folding.fold(series, everything=True)


@pytest.mark.parametrize(
    "symbol",
    [
        "BTC/USDT",
        "O'NEIL\"USDT",
        "100%USDT",
        "%2F..",
        "币安人生USDT",
        "A.B C+D=E&F",
        "..",
        "a_b",
        "x:y",
    ],
)
def test_names(two_tiers: Store, symbol: str) -> None:
    """Whatever characters a symbol has, it is written, replaced, compacted and read as itself."""
    series, neighbour = (Series("binance", name, BTC.interval) for name in (symbol, "PLAIN"))
    fold(two_tiers, neighbour)
    fold(two_tiers, series)
    two_tiers.candles.keep(page({3: 30, 9: 9, 10: 10}, series=series), answered=None, source="rest")
    two_tiers.folding.fold(series, everything=True)
    expected = ROWS | {3: 30, 9: 9, 10: 10}
    assert prices(two_tiers.candles.read(series)) == expected
    assert prices(two_tiers.candles.scan(series).collect()) == expected
    assert prices(two_tiers.candles.read(neighbour)) == ROWS
    assert (proven(two_tiers, series), proven(two_tiers, neighbour)) == (11, 9)


@pytest.mark.parametrize("name", ["with space", "100% sure", "quo'te", "湖", "*?", "a#b&c=d"])
def test_places(tmp_path: Path, name: str) -> None:
    """Whatever characters the lake's path has, it is one and the same folder."""
    lake = tmp_path / name / "lake"
    with Store.open(sqlite_url(tmp_path / "s"), lake=str(lake), policy=SMALL) as store:
        fold(store)
    with Store.open(sqlite_url(tmp_path / "s"), lake=f"{lake}/", policy=SMALL) as store:
        assert prices(store.candles.read(BTC)) == ROWS
        fold(store)
        assert proven(store) == 9
    assert in_files(lake) == list(range(7))
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [name]


@pytest.mark.parametrize("name", ["[old]", "a|b", "up^", "per%20cent"])
def test_places_that_cannot_be(tmp_path: Path, name: str) -> None:
    """A path that Delta Lake would take for another is refused before anything is made."""
    with pytest.raises(BadSetting, match="Choose another folder"):
        Store.open(sqlite_url(tmp_path / "s"), lake=str(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_a_relative_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lake below the working folder is found again."""
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        with Store.open(sqlite_url(tmp_path / "s"), lake="data/lake", policy=SMALL) as store:
            fold(store)
            assert proven(store) == 9
    assert in_files(tmp_path / "data" / "lake") == list(range(7))


def test_switched_off(two_tiers: Store, url: str) -> None:
    """Without the lake that has the older candles nothing older is read, and the setting named."""
    fold(two_tiers)
    with Store.open(url) as store:
        for ask in (store.candles.read, store.candles.scan, store.candles.opens, store.prove):
            with pytest.raises(StoreCorrupt, match="CHANDLERY_LAKE_URL is 'none'"):
                ask(BTC)
        assert prices(store.candles.read(BTC, last=2)) == same({7: 7, 8: 8})
        assert prices(store.candles.read(BTC, span=hours(7, 9))) == same({7: 7, 8: 8})
        assert store.catalogue()[0].candles == 9
        assert store.candles.keep(page({9: 9}), answered=hours(9, 10), source="rest").new == 1


def test_the_lake_is_gone(two_tiers: Store, url: str, tmp_path: Path) -> None:
    """A lake that was taken away is missed: by those who had it open, and by newcomers."""
    fold(two_tiers)
    shutil.move(tmp_path / "lake", tmp_path / "backup")
    with pytest.raises(StoreCorrupt, match="CHANDLERY_LAKE_URL"):
        two_tiers.candles.read(BTC)
    with Store.open(url, lake=str(tmp_path / "lake"), policy=SMALL) as store:
        with pytest.raises(StoreCorrupt, match=r"stand in the lake .* bring it back from a backup"):
            store.candles.read(BTC)
        assert len(store.candles.read(BTC, last=2)) == 2
        shutil.move(tmp_path / "backup", tmp_path / "lake")
        assert proven(store) == 9


def test_a_wrong_lake_takes_no_file(two_tiers: Store, url: str, tmp_path: Path) -> None:
    """Archive files are not put into a lake that lacks the older candles."""
    fold(two_tiers)
    candles = page({n: n for n in range(20, 30)})
    with (
        Store.open(url, lake=str(tmp_path / "wrong"), policy=SMALL) as store,
        pytest.raises(StoreCorrupt, match="bring it back from a backup"),
    ):
        store.archive.keep(BTC, candles.frame, [file_of(candles)])
    assert not (tmp_path / "wrong").exists()
    assert proven(two_tiers) == 9


def test_a_truncated_file(two_tiers: Store, tmp_path: Path) -> None:
    """Half a file is damage and no candles; what does not need it goes on."""
    fold(two_tiers)
    (file, *_) = files(tmp_path / "lake")
    os.truncate(file, Path(file).stat().st_size // 2)
    for ask in (two_tiers.candles.read, two_tiers.candles.opens, two_tiers.prove):
        with pytest.raises(StoreCorrupt, match="is damaged, or not where it was"):
            ask(BTC)
    assert len(two_tiers.candles.read(BTC, last=2)) == 2


def test_a_damaged_log(two_tiers: Store, url: str, tmp_path: Path) -> None:
    """A table whose log cannot be read is damage, and is not made anew."""
    fold(two_tiers)
    log = tmp_path / "lake" / "binance" / "1h" / "_delta_log"
    for entry in log.iterdir():
        if entry.is_file():
            entry.write_text("{")
    with (
        Store.open(url, lake=str(tmp_path / "lake"), policy=SMALL) as store,
        pytest.raises(StoreCorrupt, match=r"lake .* cannot be used"),
    ):
        store.candles.read(BTC)


def test_no_folder(tmp_path: Path) -> None:
    """A lake below a file cannot be written; the candles stay in the database."""
    (tmp_path / "file").touch()
    lake = str(tmp_path / "file" / "lake")
    with Store.open(sqlite_url(tmp_path / "s"), lake=lake, policy=EVERYTHING) as store:
        with pytest.raises(StoreError, match=lake):
            fold(store)
        assert prices(store.candles.read(BTC)) == ROWS
        assert proven(store) == 9


def test_without_rights(public_lake: Path) -> None:
    """A lake in which one may not write is told as that, and the candles stay where they are."""
    url = sqlite_url(public_lake.parent / "s")
    with Store.open(url, lake=str(public_lake), policy=EVERYTHING) as store:
        store.candles.keep(page(ROWS), answered=None, source="rest")
        with no_special_rights(), pytest.raises(StoreUnwritable, match="Check its rights"):
            Cold(str(public_lake)).put(BTC, store.candles.evidence(BTC, hours(0, 9)), [])
        assert proven(store) == 9


def test_overlapping_files(two_tiers: Store, tmp_path: Path) -> None:
    """Files of two writers that overlap read as one, the newest known version of each candle."""
    fold(two_tiers)
    rows = two_tiers.candles.evidence(BTC, hours(2, 6))
    newer = page({n: 10 * n for n in range(2, 6)}).frame.with_columns(
        rows["known_ms"] + 1, rows["source"]
    )
    cold = Cold(str(tmp_path / "lake"))
    with cold.table(BTC).turn("BTCUSDT") as turn:
        turn.append(newer)
    expected = ROWS | {n: 10 * n for n in range(2, 6)}
    assert len(in_files(tmp_path / "lake")) == 11
    assert prices(two_tiers.candles.read(BTC)) == expected
    assert prices(two_tiers.candles.scan(BTC).collect()) == expected
    assert prices(two_tiers.candles.read(BTC, last=5)) == {n: expected[n] for n in range(4, 9)}
    assert proven(two_tiers) == 9
    two_tiers.folding.tidy(BTC)
    assert in_files(tmp_path / "lake") == list(range(7))
    assert prices(two_tiers.candles.read(BTC)) == expected
