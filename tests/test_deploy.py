"""The files for deployment name real settings and commands, hold no secret, and guard what runs."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import typer.main
from celery.bin.celery import celery

from chandlery.cli.main import app
from chandlery.clock import FrozenClock
from chandlery.collect.health import Late
from chandlery.settings import Settings, read_settings
from chandlery.web import Server, create_app
from tests.compose import OURS, ROOT, MissingVariable, compose
from tests.services import free_port
from tests.web.fake_keeper import NOW_MS, FakeKeeper, keeper_with_candles

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
DOCS = (ROOT / "docs" / "deploy.md").read_text()
FILES = {
    name: (ROOT / name).read_text()
    for name in ("compose.yaml", "Dockerfile", ".env.example", ".dockerignore", "docs/deploy.md")
} | {path.name: path.read_text() for path in UNITS}
SECRETS = {"POSTGRES_PASSWORD": "p@ss/w:rd", "CHANDLERY_TOKEN": "t" * 16}
SERVICES: dict[str, dict[str, Any]] = compose(SECRETS)["services"]


def image_commands() -> list[str]:
    """The instructions of the Dockerfile, each on one line."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip()]


def instruction(word: str) -> str:
    """What the last instruction of that kind says."""
    return [line.split(maxsplit=1)[1] for line in image_commands() if line.startswith(f"{word} ")][
        -1
    ]


def unit(path: Path) -> dict[str, list[str]]:
    """The directives of a unit; some stand there more than once."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", path.read_text(), flags=re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("name", FILES)
def test_settings_are_real(name: str) -> None:
    """Every CHANDLERY_ name that stands in these files is a setting."""
    named = set(re.findall(r"CHANDLERY_([A-Z_]+[A-Z])", FILES[name]))
    assert named <= {field.upper() for field in Settings.model_fields}


@pytest.mark.parametrize("name", FILES)
def test_no_secret_is_written_down(name: str) -> None:
    """No URL holds a password, and what is secret is left to be filled in."""
    assert not re.findall(r"://[^\s/:@]*:[^\s/@]+@", FILES[name])
    for line in FILES[name].splitlines():
        if found := re.match(r"\s*-?\s*#?\s*\w*(?:PASSWORD|TOKEN|KEY|SECRET)\s*[=:]\s*(.*)", line):
            assert not found[1] or found[1].startswith(("$", "*", "&password $")), line


def test_variables_are_explained() -> None:
    """The example file has every variable of compose.yaml and no other."""
    used = set(re.findall(r"\$\{(\w+)", FILES["compose.yaml"]))
    assert used == set(re.findall(r"^#?(\w+)=", EXAMPLE, flags=re.MULTILINE))


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_demanded(name: str) -> None:
    """Without a password or a token nothing starts, and it is said what to do."""
    with pytest.raises(MissingVariable, match=rf"copy \.env\.example .* {name}"):
        compose({key: text for key, text in SECRETS.items() if key != name})


@pytest.mark.parametrize("name", SERVICES)
def test_services_are_guarded(name: str) -> None:
    """Each is watched, started again, not root, without capabilities, on a read-only disk."""
    service = SERVICES[name]
    watched = service["healthcheck"]["test"] if "healthcheck" in service else None
    assert watched or ("build" in service and instruction("HEALTHCHECK"))
    assert service["restart"] == "unless-stopped"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "build" in service or service["user"] in {"redis", "postgres"}


def test_what_can_be_reached() -> None:
    """Only the page has a port, only on loopback; the databases are on a network of their own."""
    for name, service in SERVICES.items():
        ports = service.get("ports", [])
        assert ports == (["127.0.0.1:8000:8000"] if name == "web" else [])
        assert ("outer" in service["networks"]) is (name in OURS)
    assert compose()["networks"]["inner"] == {"internal": True}


def test_they_wait_for_each_other() -> None:
    """Our services start when Redis and PostgreSQL are healthy, and data outlives containers."""
    for name in OURS:
        waits = SERVICES[name]["depends_on"]
        assert waits == {key: {"condition": "service_healthy"} for key in ("redis", "postgres")}
    kept = {str(mount).split(":")[0] for one in SERVICES.values() for mount in one["volumes"]}
    assert kept == set(compose()["volumes"])


def test_settings_can_be_read() -> None:
    """Each service's environment is accepted, and only the page listens beyond loopback."""
    for name in OURS:
        given = SERVICES[name]["environment"].items()
        ours = {key: text for key, text in given if key.startswith("CHANDLERY_")}
        settings = read_settings(
            **{key.removeprefix("CHANDLERY_").lower(): text for key, text in ours.items()}
        )
        assert settings.host == ("0.0.0.0" if name == "web" else "127.0.0.1")  # noqa: S104
        assert settings.budget_place == settings.broker_url


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command line of ours in these files, and where it stands."""
    yield "Dockerfile", json.loads(instruction("CMD"))
    for name in OURS:
        yield f"compose {name}", SERVICES[name]["command"]
        check = SERVICES[name].get("healthcheck", {}).get("test", [])
        if check:
            yield f"check {name}", check[1:] if check[0] == "CMD" else shlex.split(check[1])
    for path in UNITS:
        line = unit(path)["ExecStart"][0].removeprefix("/opt/chandlery/bin/")
        yield path.name, shlex.split(line)


@pytest.mark.parametrize("command", [pytest.param(words, id=at) for at, words in commands()])
def test_commands_are_real(command: list[str]) -> None:
    """Each is a verb of `chandlery` with its options, or one of Celery's programs."""
    program, *words = command
    if program == "chandlery":
        verbs = typer.main.get_group(app).commands
        verbs[words[0]].make_context(words[0], words[1:]).close()
        return
    assert program == "celery"
    assert words[:2] == ["-A", "tasks"]
    assert words[2] in celery.commands


def test_units_do_what_services_do() -> None:
    """The same command lines by systemd and by Compose."""
    by_unit = {path.stem: unit(path)["ExecStart"][0].rpartition("bin/")[2] for path in UNITS}
    for name in OURS:
        assert by_unit[f"chandlery-{name}"] == shlex.join(SERVICES[name]["command"])
    assert by_unit["chandlery"] == "chandlery up"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: str(path.name))
def test_units_are_guarded(path: Path) -> None:
    """Not root, one folder to write in, secrets from a file, started again, ended in order."""
    found = unit(path)
    expected = {
        "User": "chandlery",
        "StateDirectory": "chandlery",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "NoNewPrivileges": "yes",
        "PrivateTmp": "yes",
        "CapabilityBoundingSet": "",
        "EnvironmentFile": "/etc/chandlery/env",
        "Restart": "on-failure",
        "KillSignal": "SIGTERM",
    }
    assert {key: found[key] for key in expected} == {k: [v] for k, v in expected.items()}
    assert "TimeoutStopSec" in found
    assert ("Conflicts" in found) is (path.stem != "chandlery")


def test_image() -> None:
    """Not root, stopped in order, data in a volume, nothing installed but what is pinned."""
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", instruction("USER"))
    assert instruction("STOPSIGNAL") == "SIGTERM"
    assert instruction("VOLUME") == "/data"
    for line in image_commands():
        for step in line.split("&&"):
            if "pip " in step and " install " in step:
                assert "--no-index" in step
            if "scripts/install.sh" in step:
                assert (ROOT / step.split()[-1]).is_file()


def test_image_is_built_from_what_is_there() -> None:
    """Every source of a COPY exists and is let into the build."""
    for line in image_commands():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
                assert not left_out(source), source


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".venv/bin/python",
        "chandlery-data/chandlery.db",
        "chandlery-demo/chandlery.db",
        "chandlery.toml",
        "crypto.csv",
        "frontend/node_modules/vite/package.json",
        "src/chandlery/web/static/manifest.json",
        "src/chandlery/__pycache__/clock.cpython-313.pyc",
        "tests/test_deploy.py",
    ],
)
def test_what_stays_out(path: str) -> None:
    """Data, secrets, history, environments and what was built here do not enter an image."""
    assert left_out(path)


def left_out(path: str) -> bool:
    """Whether .dockerignore keeps a path out: of all rules that fit, the last one counts."""
    out = False
    parts = path.split("/")
    starts = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    for rule in FILES[".dockerignore"].splitlines():
        if rule and not rule.startswith("#"):
            pattern = rule.removeprefix("!")
            if any(_fits(start, pattern) for start in starts):
                out = not rule.startswith("!")
    return out


def _fits(path: str, pattern: str) -> bool:
    """A `*` stands for one name, and `**/` for any folders."""
    if pattern.startswith("**/"):
        return fnmatchcase(path.rpartition("/")[2], pattern.removeprefix("**/"))
    return path.count("/") == pattern.count("/") and fnmatchcase(path, pattern)


@contextmanager
def page(keeper: FakeKeeper) -> Iterator[int]:
    """The port of a page that asks for a token."""
    with Server(create_app(keeper, token="t" * 16), port=0) as server:
        yield server.port


def image_check(port: int) -> int:
    """The exit code of the image's health check, where a proxy is set that does not answer."""
    check = instruction("HEALTHCHECK")
    words = json.loads(check[check.index("[") :])
    proxy = "http://127.0.0.1:9"
    environment = {"CHANDLERY_PORT": str(port), "http_proxy": proxy, "HTTP_PROXY": proxy}
    done = subprocess.run(
        [sys.executable, *words[1:]], env=environment, capture_output=True, check=False, timeout=20
    )
    return done.returncode


def test_image_check() -> None:
    """It is content when /healthz is, without a token, and not when late or away."""
    keeper = keeper_with_candles(2, clock=FrozenClock(NOW_MS))
    with page(keeper) as port:
        assert image_check(port) == 0
        keeper.late = [Late(str(keeper.wanted[0]), None, None, 0, None, None, running=False)]
        assert image_check(port) == 1
    assert image_check(free_port()) == 1


def test_docs_explain_everything() -> None:
    """docs/deploy.md has every service, every unit and the three things to watch."""
    names = [*SERVICES, *(path.name for path in UNITS)]
    assert [name for name in names if f"`{name}`" not in DOCS] == []
    assert [word for word in ("/healthz", "/metrics", "status --check") if word not in DOCS] == []
