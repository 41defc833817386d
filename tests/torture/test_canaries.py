"""No key, token or password is ever written: planted in every setting, looked for everywhere.

Everywhere is: both outputs of every command, each answer of the page with its headers, the log at
its most talkative, and each byte of each file.
"""

from __future__ import annotations

import logging
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import typer.main

from chandlery.cli.main import app
from chandlery.collect.keeper import Keeper
from chandlery.sandbox import Sandbox
from chandlery.settings import Settings, without_secrets
from chandlery.web import create_app
from tests.cli.conftest import NOW_MS, Shell
from tests.schedule.rack import CELERY, Rack
from tests.services import free_port
from tests.torture.canary_forms import CANARIES, in_url, seen_in, seen_in_files

BTC = "binance:BTCUSDT:1h"
DOORS = (
    ("settings",),
    ("collect",),
    ("collect", "--json"),
    ("collect", "binance:NOSUCH:1h"),
    ("plan", BTC),
    ("gaps", BTC, "--repair", "--json"),
    ("show", "--last", "2", BTC),
    ("status",),
    ("status", "--json"),
    ("schedule",),
    ("caps",),
    ("verify", BTC),
    ("export", BTC, "--to", "out.csv"),
    ("sql", "SELECT * FROM series"),
    ("results",),
)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange in which it is always half past nine."""
    with Sandbox(now_ms=NOW_MS, speed=0) as running:
        yield running


@dataclass
class Heard:
    """Everything that was said."""

    words: list[bytes] = field(default_factory=list)

    def command(self, shell: Shell, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command and note what it says."""
        done = shell.chandlery(*words)
        self.words += [done.stdout.encode(), done.stderr.encode()]
        return done

    def nothing(self, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        """No canary was said, logged or written."""
        seen = {text: birds for text in [*self.words, *_lines(caplog)] if (birds := seen_in(text))}
        assert not seen, "\n".join(f"{birds} in {text[:2000]!r}" for text, birds in seen.items())
        files = seen_in_files(folder)
        assert not files, files


def _lines(caplog: pytest.LogCaptureFixture) -> list[bytes]:
    return [line.encode() for line in caplog.text.splitlines()]


def user(url: str, name: str) -> str:
    """The address with a user, whose password is the canary."""
    return url.replace("://", f"://user:{in_url(name)}@")


def planted(box: Sandbox) -> dict[str, str]:
    """Settings that lead to the sandbox, with a canary wherever one fits."""
    return {
        "BINANCE_URL": user(box.binance_url, "api"),
        "BINANCE_UM_URL": user(box.binance_url, "api"),
        "BINANCE_ARCHIVE_URL": user(box.archive_url, "archive"),
        "BINANCE_STREAM_URL": user(box.stream_url, "stream"),
        "COINGECKO_URL": user(box.coingecko_url, "coins"),
        "COINGECKO_KEY": CANARIES["key"],
        "TOKEN": CANARIES["token"],
    }


def away(settings: dict[str, str]) -> dict[str, str]:
    """The same, but nobody is there."""
    port = free_port()
    return {
        key: text.replace(str(urlsplit(text).port), str(port)) if "://" in text else text
        for key, text in settings.items()
    }


def test_the_search_finds() -> None:
    """Each canary is found in each form, or the other tests would prove nothing."""
    for name, bird in CANARIES.items():
        told = f"user:{bird}".encode()
        assert f"{name} as it is" in seen_in(told)
        assert seen_in(f"//u:{in_url(name)}@h".encode())
        basic = b64encode(b"user:" + bird.encode())
        assert any("Base64" in one for one in seen_in(b"Authorization: Basic " + basic))


@pytest.mark.slow
def test_all_is_well(tmp_path: Path, box: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Commands that succeed, the page, its interface and metrics say no secret."""
    caplog.set_level(logging.DEBUG)
    shell, heard = Shell(tmp_path, planted(box)), Heard()
    done = [heard.command(shell, *words) for words in DOORS]
    assert [one.returncode for one in done[:2]] == [0, 0], done[1].stderr
    assert "499 new" in done[1].stderr + done[1].stdout
    pages(tmp_path, box, heard)
    heard.nothing(tmp_path, caplog)


def pages(folder: Path, box: Sandbox, heard: Heard) -> None:
    """Note every answer of the page, asked with the token, without it and with a wrong one."""
    given = {key.lower(): text for key, text in planted(box).items()}
    settings = Settings(home=folder / "chandlery-data", **given)  # type: ignore[arg-type]
    with Keeper(settings) as keeper:
        client = create_app(keeper, token=CANARIES["token"]).test_client()
        token = {"Authorization": f"Bearer {CANARIES['token']}"}
        client.post("/login", data={"token": CANARIES["token"], "next": "/api/docs"})
        paths = [
            str(rule).replace("<path:name>", "x").replace("<id>", "1")
            for rule in client.application.url_map.iter_rules()
        ]
        assert {"/", "/metrics", "/healthz", "/api/v1/status"} <= set(paths)
        for path in paths:
            if path == "/api/v1/events":
                continue  # has no end
            for query, headers in (("", {}), ("", token), (f"?series={BTC}", token)):
                answer = client.get(path + query, headers=headers)
                heard.words += [str(answer.headers).encode(), answer.data]
        answer = client.post("/api/v1/tasks", json={"kind": "market_caps"}, headers=token)
        heard.words += [answer.data]


def test_nobody_is_there(tmp_path: Path, box: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Exchange, archive and CoinGecko away: errors, reports and ledger say no secret."""
    caplog.set_level(logging.DEBUG)
    shell, heard = Shell(tmp_path, away(planted(box))), Heard()
    assert heard.command(shell, "collect", "--json").returncode != 0
    for words in DOORS:
        if words[0] in {"show", "status", "gaps", "results", "schedule", "sql"}:
            heard.command(shell, *(word for word in words if word != "--repair"))
    heard.nothing(tmp_path, caplog)


BROKEN = {
    "store": {"STORE_URL": "postgresql://user:{store}@127.0.0.1:{port}/base?sslpassword={query}"},
    "strange store": {"STORE_URL": "mysql://user:{store}@127.0.0.1/base"},
    "raw store": {"STORE_URL": "postgresql://user:{raw_store}@127.0.0.1:{port}/base"},
    "results": {"RESULT_BACKEND": "db+postgresql+psycopg://user:{results}@127.0.0.1:{port}/base"},
    "strange results": {"RESULT_BACKEND": "db+oracle://user:{results}@127.0.0.1/base"},
    "redis": {"RESULT_BACKEND": "redis://:{results}@127.0.0.1:{port}/0"},
    "budget": {"BUDGET_URL": "redis://:{budget}@127.0.0.1:{port}/0"},
    "budget in the query": {"BUDGET_URL": "redis://127.0.0.1:{port}/0?password={budget}"},
    "strange budget": {"BUDGET_URL": "memcached://:{budget}@127.0.0.1/0"},
    "raw budget": {"BUDGET_URL": "redis://:{raw_budget}@127.0.0.1:{port}/zero"},
    "broker": {"BROKER_URL": "redis://:{broker}@127.0.0.1:{port}/0"},
    "lake": {"LAKE_URL": "s3://user:{lake}@bucket/candles?secret={query}"},
    "strange lake": {"LAKE_URL": "ftp://user:{lake}@host/candles"},
    "address": {"BINANCE_URL": "ftp://user:{api}@127.0.0.1"},
    "address with a query": {"BINANCE_URL": "http://127.0.0.1:{port}/?api_key={query}"},
    "user alone": {"BINANCE_URL": "http://{api}@{exchange}"},
    "raw address": {"COINGECKO_URL": "http://user:{raw_coins}@127.0.0.1:{port}"},
    "stream": {"BINANCE_STREAM_URL": "http://user:{stream}@127.0.0.1"},
    "unknown setting": {"TOKENS": "{token}"},
    "token in the wrong place": {"PORT": "{token}"},
    "token for a number": {"REFRESH": "{token}"},
}


@pytest.mark.parametrize("which", BROKEN)
def test_settings_that_do_not_work(
    tmp_path: Path, box: Sandbox, which: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A place that cannot be read, reached or used is told without its password."""
    caplog.set_level(logging.DEBUG)
    raw = {f"raw_{name}": bird for name, bird in CANARIES.items()}
    exchange = urlsplit(box.binance_url).netloc
    places = {"port": str(free_port()), "exchange": exchange}
    names = {name: in_url(name) for name in CANARIES} | raw | places
    broken = {key: text.format(**names) for key, text in BROKEN[which].items()}
    shell, heard = Shell(tmp_path, planted(box) | broken), Heard()
    heard.command(shell, "settings")
    heard.command(shell, "results" if "RESULT_BACKEND" in broken else "collect")
    heard.nothing(tmp_path, caplog)


def test_a_file_of_settings(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a broken file of settings nor a misspelt name in it is quoted with its secret."""
    heard = Heard()
    bird = CANARIES["token"]
    for text in (f'token = "{bird}', f'tokne = "{bird}"', f'token = ["{bird}"]', f"token = {bird}"):
        (tmp_path / "chandlery.toml").write_text(text)
        assert heard.command(Shell(tmp_path), "settings").returncode == 2
    (tmp_path / "chandlery.toml").unlink()
    heard.nothing(tmp_path, caplog)


def test_no_secret_among_the_words_of_a_command() -> None:
    """No command takes a secret as an option, where every user of the machine could read it."""
    for name, command in typer.main.get_group(app).commands.items():
        options = {option for one in command.params for option in one.opts}
        telling = ("token", "key", "password", "secret", "url")
        assert [one for one in options if any(word in one for word in telling)] == [], name


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:pa@ss@host:1/0", "redis://:***@host:1/0"),
        ("redis://:pa/ss@host", "redis://:***@host"),
        ("https://key@host/path", "https://***@host/path"),
        ("postgresql://me@host/base", "postgresql://me@host/base"),
        ("https://host/?a=1&sig=x&api_key=y", "https://host/?a=1&sig=***&api_key=***"),
        ("nonsense:pass@", "nonsense:***@"),
        ("sqlite:////srv/me@work/a.db", "sqlite:////srv/me@work/a.db"),
        ("s3://bucket/candles", "s3://bucket/candles"),
    ],
)
def test_addresses_as_people_see_them(url: str, shown: str) -> None:
    """The password goes whole, whatever signs it has, and what is no secret stays."""
    assert without_secrets(url) == shown


@pytest.mark.slow
def test_celery(tmp_path: Path, box: Sandbox) -> None:
    """Worker and beat at their most talkative, their messages and results say no secret."""
    with Rack(
        tmp_path, planted(box) | {"SERIES": f"{BTC},binance:NOSUCH:1h", "EVERY": "1"}
    ) as rack:
        talk = ("worker", "-P", "solo", "-l", "debug", "--events")
        worker = rack.start(str(CELERY), "-A", "tasks", *talk)
        beat = rack.start(str(CELERY), "-A", "tasks", "beat", "-l", "debug")
        worker.until(f": {BTC}: ", 2)
        words = Path(f"/proc/{worker.process.pid}/cmdline").read_bytes()
        for one in (worker, beat):
            one.stop()
        told = rack.chandlery("results", "--last", "9", "--format", "csv")
    assert seen_in(words + told.stdout.encode() + told.stderr.encode()) == []
    assert (tmp_path / "chandlery-data" / "results.db").stat().st_size > 0
    files = seen_in_files(tmp_path)
    assert not files, files
