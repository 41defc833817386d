"""The broker and the database of results, as people name them in the settings."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from chandlery.errors import BadSetting
from chandlery.schedule.celery_places import broker, place, results_url
from chandlery.settings import Settings, read_settings

ROOT = Path(__file__).parents[2]


def settings(home: Path, **flags: str) -> Settings:
    """The settings with a home folder."""
    return read_settings(home=home, **flags)


@pytest.mark.parametrize("url", ["", "filesystem://"])
def test_folder(tmp_path: Path, url: str) -> None:
    """Without a broker the messages go to a folder in the home folder, for its owner only."""
    found = broker(settings(tmp_path / "home", broker_url=url))
    folder = tmp_path / "home" / "broker"
    assert found.options == {"folder": str(folder)}
    assert {stat.S_IMODE(one.stat().st_mode) for one in (folder, folder.parent)} == {0o700}


def test_named_folder(tmp_path: Path) -> None:
    """A folder can be named, whatever characters it has."""
    url = (tmp_path / "für alle").as_uri().replace("file://", "filesystem://")
    assert broker(settings(tmp_path, broker_url=url)).options == {
        "folder": str(tmp_path / "für alle")
    }


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    """A folder that cannot be made is named."""
    (tmp_path / "broker").write_text("mine")
    with pytest.raises(BadSetting, match=r"broker cannot be made.*CHANDLERY_BROKER_URL"):
        broker(settings(tmp_path))


def test_redis(tmp_path: Path) -> None:
    """Redis gives a message out again only when its task must have ended."""
    found = broker(settings(tmp_path, broker_url="redis://localhost:6379/0"))
    assert found.url == "redis://localhost:6379/0"
    assert found.options["visibility_timeout"] == 3600


def test_no_broker_url(tmp_path: Path) -> None:
    """What is no URL is refused without being shown, for it may hold a password."""
    with pytest.raises(BadSetting, match="CHANDLERY_BROKER_URL") as caught:
        broker(settings(tmp_path, broker_url="localhost:canary@"))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("db+postgresql://h/d", "postgresql+psycopg://h/d"),
        ("db+postgresql+psycopg://h/d?host=/run", "postgresql+psycopg://h/d?host=%2Frun"),
        ("database+postgresql+psycopg2://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:////x/r.db", "sqlite+pysqlite:////x/r.db"),
        ("db+sqlite:///r.db", "sqlite+pysqlite:///r.db"),
        ("redis://localhost/1", None),
        ("rpc://", None),
    ],
)
def test_results(tmp_path: Path, text: str, meant: str | None) -> None:
    """A database of results is meant however it is written; other places are for Celery."""
    url = results_url(settings(tmp_path, result_backend=text))
    assert (url and url.render_as_string(hide_password=False)) == meant


def test_results_at_home(tmp_path: Path) -> None:
    """Without a setting results are kept in the home folder."""
    url = results_url(settings(tmp_path))
    assert url is not None
    assert url.database == str(tmp_path / "results.db")


@pytest.mark.parametrize("text", ["db+mysql://u:canary@h/d", "canary", "db+sqlite://"])
def test_no_database(tmp_path: Path, text: str) -> None:
    """What cannot keep results is refused without being shown."""
    with pytest.raises(BadSetting, match=r"CHANDLERY_RESULT_BACKEND|needs a file") as caught:
        results_url(settings(tmp_path, result_backend=text))
    assert "canary" not in str(caught.value)


def test_place_without_password(tmp_path: Path) -> None:
    """A place as people see it has no password."""
    url = results_url(
        settings(tmp_path, result_backend="postgresql://u:canary@h/d?password=canary")
    )
    assert url is not None
    assert "canary" not in place(url)


def test_example_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of a settings file can be used as it is, and holds no password."""
    shutil.copy(ROOT / "chandlery.example.toml", tmp_path / "chandlery.toml")
    monkeypatch.chdir(tmp_path)
    found = read_settings()
    assert broker(found).url.startswith("redis://")
    url = results_url(found)
    assert url is not None
    assert (url.get_backend_name(), url.password) == ("postgresql", None)
    assert found.store_url == "postgresql+psycopg://chandlery@localhost/chandlery"
