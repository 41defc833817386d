"""Builds the wheel, installs it alone where there is no Node, and uses it as a user would."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urljoin

import pytest
from urllib3 import BaseHTTPResponse, PoolManager

ROOT = Path(__file__).parents[1]
RUN = ROOT / "requirements" / "run.txt"
SCRIPT = re.compile(r'<script[^>]*\bsrc="([^"]+\.js)"')


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a command that must succeed; what it printed comes back."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def pinned(path: Path) -> set[str]:
    """The names that a compiled requirements file pins."""
    return set(re.findall(r"^([a-z0-9-]+)==", path.read_text(), flags=re.MULTILINE))


def bare_environment(programs: Path) -> dict[str, str]:
    """An environment in which only the programs of one folder can be found: no Node, no Git."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PATH": str(programs)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a clean environment that holds the wheel and what it needs."""
    home = tmp_path_factory.mktemp("clean") / "env"
    run(sys.executable, "-m", "venv", "--without-pip", home)
    install: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        home / "bin" / "python",
        "install",
    ]
    run(*install, "--quiet", "--no-compile", "--require-hashes", "--no-deps", "--requirement", RUN)
    run(*install, "--quiet", "--no-index", "--no-deps", wheel)
    return home / "bin"


@contextmanager
def serving(programs: Path, home: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`chandlery demo` on a free port, and the address that it says; stopped in the end."""
    command: list[str | Path] = [
        programs / "chandlery",
        "demo",
        "--port",
        "0",
        "--home",
        home / "data",
        "--json",
    ]
    log = home / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command,
            cwd=home,
            env=bare_environment(programs),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            yield address(process.stdout, log), process
        finally:
            process.kill()


def address(lines: IO[str], log: Path) -> str:
    """The address in the first line that names one; the output ends when the program does."""
    for line in lines:
        if line.startswith("{") and "url" in (said := json.loads(line)):
            return str(said["url"])
    pytest.fail(f"the demo ended before it served:\n{log.read_text()}")


def fetched(pool: PoolManager, url: str) -> BaseHTTPResponse:
    """The answer to a request that must succeed."""
    answer = pool.request("GET", url)
    assert answer.status == 200, url
    return answer


def test_pins_cover_the_dependencies() -> None:
    """Every dependency that pyproject.toml names is pinned for users and for developers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = {re.split(r"[\[>=<~!; ]", line)[0] for line in project["project"]["dependencies"]}
    dev = {re.split(r"[\[>=<~!; ]", line)[0] for line in project["dependency-groups"]["dev"]}
    assert names <= pinned(RUN)
    assert names | dev <= pinned(RUN.with_name("dev.txt"))


def test_developers_run_what_users_run() -> None:
    """The developers' pins hold every name and version of the users' pins."""
    pins = re.compile(r"^[a-z0-9-]+==\S+", flags=re.MULTILINE)
    users = set(pins.findall(RUN.read_text()))
    assert users <= set(pins.findall(RUN.with_name("dev.txt").read_text()))


@pytest.mark.slow
def test_the_wheel_is_whole(wheel: Path) -> None:
    """The wheel carries the built page, the templates, the types and the licence."""
    names = zipfile.ZipFile(wheel).namelist()
    wanted = ("py.typed", "web/static/.*\\.js", "web/static/.*\\.css", "web/templates/.*\\.html")
    missing = [
        pattern
        for pattern in wanted
        if not any(re.fullmatch(f"chandlery/{pattern}", name) for name in names)
    ]
    assert missing == []
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_the_wheel_has_nothing_else(wheel: Path) -> None:
    """The wheel leaves tests, sources of the page and stamps of the build at home."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"chandlery"}
    assert [name for name in names if "/." in name or name.endswith((".ts", ".pyc"))] == []


@pytest.mark.slow
def test_help_from_the_wheel(programs: Path, tmp_path: Path) -> None:
    """The installed command explains itself outside any checkout."""
    command: list[str | Path] = [programs / "chandlery", "--help"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=bare_environment(programs),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "demo" in done.stdout


@pytest.mark.slow
def test_demo_from_the_wheel(programs: Path, tmp_path: Path) -> None:
    """The installed demo serves the page and its script without Node, and stops when told to."""
    with serving(programs, tmp_path) as (url, process), PoolManager(timeout=30) as pool:
        page = fetched(pool, url).data.decode()
        scripts = [fetched(pool, urljoin(url, source)) for source in SCRIPT.findall(page)]
        assert scripts, page
        assert all("javascript" in script.headers["Content-Type"] for script in scripts)
        assert all(script.data for script in scripts)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
