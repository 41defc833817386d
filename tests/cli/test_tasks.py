"""`python tasks.py`, as the person runs it who has just cloned the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from chandlery.candles.binance_rows import csv_text
from chandlery.candles.files import read_candles
from chandlery.sandbox import Sandbox
from tests.candles import market
from tests.cli.conftest import Shell

pytestmark = pytest.mark.slow


def lines(path: Path) -> list[str]:
    """The lines of a file."""
    return path.read_text().splitlines()


def test_once(shell: Shell) -> None:
    """The last 500 candles are shown whole with twelve columns, and stand in crypto.csv."""
    done = shell.tasks()
    assert done.returncode == 0, done.stderr
    rows = lines(shell.folder / "crypto.csv")
    assert len(rows) == 500
    assert all(row.count(",") == 11 for row in rows)
    shown = done.stdout.splitlines()
    assert len(shown) == 502
    assert shown[-1].endswith("forming")
    assert all(value in shown[-1] for value in rows[-1].split(",")[1:6])
    assert "499 new" in done.stderr


def test_twice(shell: Shell) -> None:
    """A second run changes nothing and says so."""
    shell.tasks()
    before = (shell.folder / "crypto.csv").read_bytes()
    done = shell.tasks()
    assert "0 new, 499 unchanged, 0 revised, 1 forming (1 requests" in done.stderr
    assert (shell.folder / "crypto.csv").read_bytes() == before


def test_at_the_same_moment(shell: Shell) -> None:
    """Three runs at the same moment leave every candle once, ascending."""
    started = [shell.start(str(Path(__file__).parents[2] / "tasks.py")) for _ in range(3)]
    for process in started:
        with process:
            process.communicate(timeout=120)
        assert process.returncode == 0
    opens = [int(row.split(",")[0]) for row in lines(shell.folder / "crypto.csv")]
    assert len(opens) == 500
    assert opens == sorted(set(opens))


def test_time_goes_on(shell: Shell) -> None:
    """Hours later only new candles are added, and the one that was forming is replaced."""
    with Sandbox(now_ms=1_732_354_200_000, speed=0) as box:
        shell.settings["BINANCE_URL"] = box.binance_url
        shell.tasks()
        first = lines(shell.folder / "crypto.csv")
        box.clock.advance(3 * 3600)
        done = shell.tasks()
        second = lines(shell.folder / "crypto.csv")
    assert "3 of them new" in done.stderr
    assert len(second) == 503
    assert second[:499] == first[:499]
    assert second[499].split(",")[0] == first[499].split(",")[0]
    assert second[499] != first[499]


def test_appended_file(shell: Shell, box: Sandbox) -> None:
    """A file that an appending program left is cleaned with a backup and one line that says so."""
    shell.tasks()
    path = shell.folder / "crypto.csv"
    good = lines(path)
    path.write_text("\n".join(good[:100] * 3) + "\n")
    done = shell.tasks()
    assert lines(path) == good
    assert len(lines(shell.folder / "crypto.csv.old")) == 300
    assert "200 duplicate rows are gone" in done.stderr
    assert box.weight_used > 0


def test_first_version_file(shell: Shell, recorded: Path) -> None:
    """The first version's own file becomes 500 clean candles, and the freshest 500 follow."""
    original = (recorded / "original" / "crypto.csv").read_bytes()
    path = shell.folder / "crypto.csv"
    path.write_bytes(original)
    done = shell.tasks()
    assert done.returncode == 0, done.stderr
    opens = [int(row.split(",")[0]) for row in lines(path)]
    assert opens == sorted(set(opens))
    assert len(opens) == 1000
    assert (shell.folder / "crypto.csv.old").read_bytes() == original
    assert "3,500 duplicate rows are gone" in done.stderr


@pytest.mark.parametrize("content", ["my notes\n", csv_text(market.frame(9, "1m"))])
def test_something_else(shell: Shell, content: str) -> None:
    """A crypto.csv that is something else is refused with exit code 2 and left untouched."""
    path = shell.folder / "crypto.csv"
    path.write_text(content)
    done = shell.tasks()
    assert done.returncode == 2
    assert done.stderr.startswith("chandlery: crypto.csv")
    assert "Traceback" not in done.stderr
    assert path.read_text() == content


def test_exchange_away(shell: Shell) -> None:
    """Without the exchange there is one clear line, exit code 1, and an untouched file."""
    shell.tasks()
    before = (shell.folder / "crypto.csv").read_bytes()
    shell.settings["BINANCE_URL"] = "http://127.0.0.1:9"
    done = shell.tasks()
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "CHANDLERY_BINANCE_URL" in done.stderr
    assert (shell.folder / "crypto.csv").read_bytes() == before


def test_replayed_archive(shell: Shell, recorded: Path) -> None:
    """Replayed archive months come out as the recorded rows, byte for byte in eleven columns."""
    months = ("2024-11", "2024-12", "2025-01", "2025-02")
    files = tuple(recorded / "vision" / f"BTCUSDT-1h-{month}.csv" for month in months)
    with Sandbox(replay=files) as box:
        shell.settings["BINANCE_URL"] = box.binance_url
        done = shell.tasks()
    assert done.returncode == 0, done.stderr
    recorded_rows = [line.split(",") for line in lines(files[-1])[-500:]]
    expected = [[r[0][:13], *r[1:6], r[6][:13], *r[7:11]] for r in recorded_rows]
    kept = [line.split(",") for line in lines(shell.folder / "crypto.csv")[-500:]]
    assert [row[:11] for row in kept] == expected
    assert {row[11] for row in kept} == {"0"}


def test_replayed_answer(shell: Shell, recorded: Path) -> None:
    """A recorded answer's last, still open candle is marked as forming."""
    path = recorded / "binance_rest" / "klines_1m_500_2024-11-16.json"
    with Sandbox(replay=(path,), replay_symbol="ADAUSDT", replay_interval="1m") as box:
        shell.settings |= {"BINANCE_URL": box.binance_url, "SERIES": "binance:ADAUSDT:1m"}
        done = shell.tasks()
    assert "499 new, 0 unchanged, 0 revised, 1 forming" in done.stderr
    assert done.stdout.splitlines()[-1].endswith("forming")
    assert read_candles(shell.folder / "crypto.csv").equals(read_candles(path))
