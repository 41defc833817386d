"""What comes from others is pinned by hash, and what we write ourselves opens no door for data."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINS = sorted((ROOT / "requirements").glob("*.txt"))
OURS = [
    *sorted((ROOT / "src").rglob("*.py")),
    *sorted((ROOT / "scripts").glob("*.py")),
    *(ROOT / name for name in ("tasks.py", "app.py", "hatch_build.py")),
]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))

RUNS_DATA = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "jsonpickle"}
CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "tempfile.mktemp",
    "yaml.load",
    "subprocess.getoutput",
    "hashlib.md5",
    "hashlib.sha1",
}
"""What runs text as a program, races for a name, or is broken."""
FLAGS = {("shell", True), ("verify", False), ("check_hostname", False), ("debug", True)}
EXPLAINED = {"S101", "S104", "S311", "S603", "S608"}
"""Security rules that single lines of the program may break, with their reason beside them:
an assertion for the type checker, an address that is compared, a chance, a program of our own
without a shell, our own names."""
SANDBOX = {
    "LockPersonality": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "StateDirectoryMode": "0700",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}


def imported(nodes: list[ast.AST]) -> Iterator[str]:
    """The first names of all that is imported, at the top or later."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def dotted(node: ast.expr) -> str:
    """The name of what is called, as far as it is one."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("path", PINS, ids=lambda path: str(path.name))
def test_pinned_by_hash(path: Path) -> None:
    """Each requirement is one version, with the SHA-256 of its files, from no named index."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    for line in lines:
        name, _, rest = line.partition("==")
        assert re.fullmatch(r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?", name.strip()), line[:80]
        hashes = re.findall(r"--hash=(\S+)", rest)
        assert hashes, line[:80]
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in hashes)
    assert "://" not in text


def test_installed_by_hash() -> None:
    """Whatever is installed from an index has to have its hash."""
    script = (ROOT / "scripts" / "install.sh").read_text().replace("\\\n", " ")
    for line in script.splitlines():
        if " install " in line and not line.lstrip().startswith("#"):
            assert "--require-hashes" in line or "--no-index" in line


def test_page_is_pinned_by_hash() -> None:
    """Each npm package has one version and a SHA-512, and no address of an index."""
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text())
    assert lock["lockfileVersion"] == 3
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    for name, one in packages.items():
        assert one["version"], name
        assert one["integrity"].startswith("sha512-"), name
        assert "resolved" not in one, name
    asked = json.loads((ROOT / "frontend" / "package.json").read_text())
    wanted = asked["dependencies"] | asked["devDependencies"]
    assert [text for text in wanted.values() if not re.fullmatch(r"\d+\.\d+\.\d+", text)] == []


def test_no_data_is_run() -> None:
    """Nothing of ours reads pickles, runs text or asks a shell, and TLS is never unchecked."""
    for path in OURS:
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        assert not RUNS_DATA & set(imported(nodes)), path
        for call in (node for node in nodes if isinstance(node, ast.Call)):
            harmless = any(word.arg == "usedforsecurity" for word in call.keywords)
            assert harmless or dotted(call.func) not in CALLS, f"{path}:{call.lineno}"
            given = {
                (word.arg, word.value.value)
                for word in call.keywords
                if isinstance(word.value, ast.Constant) and isinstance(word.value.value, bool)
            }
            assert not given & FLAGS, f"{path}:{call.lineno}"


def test_security_rules_are_on() -> None:
    """All of ruff's rules about security are on; what a line may break is known and explained."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert lint["select"] == ["ALL"]
    assert [rule for rule in lint["ignore"] if re.fullmatch(r"S\d*", rule)] == []
    for files, rules in lint["per-file-ignores"].items():
        left_out = {rule for rule in rules if re.fullmatch(r"S\d*", rule)}
        if "src" in files or "tasks" in files:
            assert not left_out, files
        assert left_out <= {"S101", "S105", "S106", "S603", "S607"}
    for path in OURS:
        broken = set(re.findall(r"noqa:[^#\n]*\b(S\d{3})\b", path.read_text(encoding="utf-8")))
        assert broken <= EXPLAINED, path


@pytest.mark.parametrize("path", UNITS, ids=lambda path: str(path.name))
def test_units_have_few_rights(path: Path) -> None:
    """Each unit sees a read-only system without devices, and makes files for itself alone."""
    text = path.read_text()
    for key, value in SANDBOX.items():
        assert f"\n{key}={value}\n" in text, key
    assert "\nCapabilityBoundingSet=\n" in text
    assert "\nSystemCallFilter=~@privileged\n" in text


def test_audits_are_documented() -> None:
    """docs/security.md has the commands that ask for known holes, one for each lock file."""
    text = (ROOT / "docs" / "security.md").read_text()
    for words in ("pip-audit", "npm audit", "--require-hashes"):
        assert words in text
    for path in ("requirements/run.txt", "requirements/dev.txt", "requirements/build.txt"):
        assert path in text
