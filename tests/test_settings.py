"""Settings: file, then environment, then flags; and what is wrong with them, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from chandlery.candles.series import Series
from chandlery.errors import BadSeries, BadSetting
from chandlery.settings import Periods, Settings, as_markdown, read_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a settings file, and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CHANDLERY_{name.upper()}", raising=False)


def test_defaults() -> None:
    """With nothing set, BTCUSDT at 1h goes into SQLite and crypto.csv."""
    settings = read_settings()
    assert [str(series) for series in settings.series] == ["binance:BTCUSDT:1h"]
    assert (settings.store_url, settings.database_path) == ("", Path("chandlery-data/chandlery.db"))
    assert settings.csv_path(settings.series[0]) == Path("crypto.csv")
    assert (settings.host, settings.port, settings.every) == ("127.0.0.1", 8000, Periods())


def test_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins over the file, and a flag over both."""
    Path("chandlery.toml").write_text('port = 1\nhome = "a"\ncsv = "file.csv"\n')
    monkeypatch.setenv("CHANDLERY_PORT", "2")
    monkeypatch.setenv("CHANDLERY_HOME", "b")
    settings = read_settings(home="c")
    assert (settings.port, settings.home, settings.csv) == (2, Path("c"), "file.csv")


@pytest.mark.parametrize(
    "text", ['"binance:A:1h, binance:B:1m"', '["binance:A:1h", "binance:B:1m"]']
)
def test_series_as_text_or_list(text: str) -> None:
    """A list of series may be one text with commas or a TOML list."""
    Path("chandlery.toml").write_text(f"series = {text}\n")
    assert [str(series) for series in read_settings().series] == ["binance:A:1h", "binance:B:1m"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('serie = "x"', "'serie'.*Did you mean 'series'"),
        ("prot = 1", "'prot'.*Did you mean 'port'"),
        ("port = 99999", "port .*cannot be used"),
        ("every = -1", "every .*cannot be used"),
        ('every = "often"', "every .*cannot be used"),
        ("every = 0.5", "0.5 seconds are not between 1 and 86400"),
        ('every = "1x=5"', "'1x' is not an interval"),
        ('every = "5, 6"', "two periods"),
        ('every = "nan"', "nan seconds"),
        ('[every]\n"binance:A" = 5', "not a series"),
        ('host = "0.0.0.0"', "only loopback.*without CHANDLERY_TOKEN"),
        ('token = "short"', "at least 16 characters"),
        ("late_after = inf", "late_after .*cannot be used"),
        ("delay = 0.2", "delay .*cannot be used"),
        ('budget_url = "ftp://u:canary@x"', "budget_url .*cannot be used: write redis"),
        ('results = "all"', "results .*cannot be used"),
        ('binance_url = "ftp://x"', "no http"),
        ('csv = "{symbl}.csv"', r"may hold \{symbol\}"),
        ("series = []", "names no series"),
        ("series = [", "no valid TOML"),
        (r'home = "a\u0000b"', "home .*the character zero"),
        ("every = [1]", r"'\[1\]' is neither"),
        ("port = " + "9" * 5_000, "no valid TOML"),
        ("port = " + "[" * 1_200, "no valid TOML"),
        ('lake_url = "http://["', "lake_url .*cannot be used"),
        ('csv = "{symbol:99999999999}"', r"may hold \{symbol\}"),
        ('csv = "{symbol!r}"', r"may hold \{symbol\}"),
        ('csv = "{symbol:{symbol.x}}"', r"may hold \{symbol\}"),
    ],
)
def test_bad_file(content: str, why: str) -> None:
    """A settings file with a fault is refused with the setting and what is right."""
    Path("chandlery.toml").write_text(content + "\n")
    with pytest.raises(BadSetting, match=why):
        read_settings()


@pytest.mark.parametrize(
    "content",
    [
        'every = "3600, 1m=15, binance:*USDT:1m=30, binance:btcusdt:1m=5, 1d=close"',
        """[every]
        default = 3600
        "1m" = 15
        "binance:*USDT:1m" = 30
        "binance:BTCUSDT:1m" = 5
        "1d" = "close"
        """,
    ],
)
def test_periods(content: str) -> None:
    """A period is of all, of an interval, of a pattern or of one series: the nearest wins."""
    Path("chandlery.toml").write_text(content)
    every = read_settings().every
    found = {
        text: every.of(Series.parse(f"binance:{text}"))
        for text in ("A:1h", "A:1m", "AUSDT:1m", "BTCUSDT:1m", "A:1d")
    }
    assert found == {"A:1h": 3600, "A:1m": 15, "AUSDT:1m": 30, "BTCUSDT:1m": 5, "A:1d": None}
    assert Periods.parse(str(every)) == every


def test_one_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """The period is a number of seconds, or `close`, from the file or the environment."""
    Path("chandlery.toml").write_text("every = 5\n")
    assert read_settings().every == Periods(5.0)
    monkeypatch.setenv("CHANDLERY_EVERY", "close")
    assert read_settings().every == Periods()


def test_other_hosts_need_a_token() -> None:
    """With a token the page may be served to other machines, and the token is not shown."""
    settings = read_settings(host="0.0.0.0", token="canary-canary-canary")  # noqa: S104
    assert settings.host == "0.0.0.0"  # noqa: S104
    assert "canary" not in repr(settings)


def test_misspelt_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt variable is not ignored in silence."""
    monkeypatch.setenv("CHANDLERY_SERIS", "binance:A:1h")
    with pytest.raises(BadSetting, match=r"CHANDLERY_SERIS.*Did you mean 'CHANDLERY_SERIES'"):
        read_settings()


def test_bad_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """A series that is none is refused with an example."""
    monkeypatch.setenv("CHANDLERY_SERIES", "BTCUSDT")
    with pytest.raises(BadSeries, match="EXCHANGE:SYMBOL:INTERVAL"):
        read_settings()


def test_csv_of_which_series() -> None:
    """One CSV is of the first series; a name with places is one per series, months told apart."""
    series = "binance:A:1m,binance:A:1M"
    first, second = read_settings(series=series).series
    one = read_settings(series=series)
    assert (one.csv_path(first), one.csv_path(second)) == (Path("crypto.csv"), None)
    many = read_settings(series=series, csv="{symbol}-{interval}.csv")
    assert many.csv_path(first) == Path("A-1m.csv")
    assert many.csv_path(second) == Path("A-1mo.csv")
    assert read_settings(csv="").csv_path(first) is None


def test_key_is_not_shown() -> None:
    """A key does not appear when settings are printed."""
    assert "canary" not in repr(read_settings(coingecko_key="canary"))


def test_docs_are_current() -> None:
    """The page of all settings is made from the table and cannot drift."""
    page = Path(__file__).parents[1] / "docs" / "settings.md"
    assert page.read_text().endswith(as_markdown())


def test_bytes_that_are_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is no UTF-8 is refused in words."""
    monkeypatch.setenv("CHANDLERY_EVERY", "60\udce5=1")
    with pytest.raises(BadSetting, match="no UTF-8 text"):
        read_settings()
