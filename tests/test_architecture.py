"""Holds the shape of the program: arrows, cycles, sizes, names, and what may not be in the tree."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median, quantiles

import pytest

import chandlery

pytestmark = pytest.mark.slow  # many, which take long together

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"

# Who stands on whose shoulders: a part may import what stands in an earlier row, never a sibling.
ROWS = (
    ("errors",),
    ("clock",),
    ("candles",),
    ("market",),
    ("settings", "transport"),
    ("exchanges", "marketcaps", "store"),
    ("collect",),
    ("schedule",),
    ("web", "api"),
    ("sandbox",),
    ("chandlery",),
    ("cli",),
    ("__main__",),
)
NARROW = {
    "settings": {"errors", "clock", "candles"},
    "sandbox": {"errors", "clock", "candles"},
    "store": {"errors", "clock", "candles", "market"},
    "transport": {"errors", "clock"},
}
VAGUE = {"utils", "helpers", "common", "core", "misc", "manager"}
BUILT = {"node_modules", "static", "dist", "build", "__pycache__"}
FORBIDDEN = {
    "an index address": re.compile(
        r"pypi\.org/simple|files\.pythonhosted|registry\.npmjs|npm[m]irror"
        r"|index-url\s*[=\s]\s*http|registry\s*=\s*[\"{]?\s*http"
    ),
    "a resolved package": re.compile(r"\"resolved\"\s*:"),
    "a path of one machine": re.compile(r"(?<![\w.$}~-])/(?:root|work|home|Users)/[\w.]"),
}


@cache
def tree() -> tuple[Path, ...]:
    """Every file that belongs to the project: what git would take, or all that is not built."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
        return tuple(sorted(path for path in paths if path.is_file()))
    return tuple(sorted(walk(ROOT)))


def walk(top: Path) -> Iterator[Path]:
    """The files under a folder, leaving out hidden and built folders."""
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name not in BUILT and not name.startswith(".")]
        yield from (Path(folder) / name for name in files)


def python_files(*folders: str) -> list[Path]:
    """The Python files of the project, of some folders or of all."""
    tops = [ROOT / folder for folder in folders]
    return [
        path
        for path in tree()
        if path.suffix == ".py" and (not tops or any(top in path.parents for top in tops))
    ]


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path: Path) -> str:
    """The dotted name under which a file of src/ is imported."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def is_module(name: str) -> bool:
    """Whether a dotted name is a module or package of ours."""
    path = SOURCE.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def imports_of(path: Path) -> Iterator[str]:
    """Every module of ours that a file imports: at the top, in functions, for types."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if is_module(name) else str(node.module) for name in inner]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "chandlery")


def part_of(module: str) -> str:
    """The part of the program to which a module belongs: the word after `chandlery`."""
    words = module.split(".")
    return words[1] if len(words) > 1 else words[0]


def may_import(part: str) -> set[str]:
    """The parts that a part may import."""
    row = next(number for number, names in enumerate(ROWS) if part in names)
    below = {name for names in ROWS[:row] for name in names}
    return NARROW.get(part, below) | {part}


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function that hold code: no blanks, no comments, no docstrings."""
    strings: set[int] = set()
    lines: set[int] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.expr | ast.stmt | ast.arg | ast.excepthandler):
            lines |= {node.lineno, node.end_lineno or node.lineno}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            strings.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines - strings)


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of one file's syntax tree: to walk it takes longer than to read the file."""
    return tuple(ast.walk(parsed(path)))


def functions(paths: list[Path]) -> dict[str, int]:
    """The code lines of every function, by place."""
    return {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": code_lines(node)
        for path in paths
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def file_lengths(paths: list[Path]) -> dict[str, int]:
    """The lines of every file, by name; empty files have no length to judge."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in paths
    }
    return {name: length for name, length in lengths.items() if length}


def test_every_part_has_its_row() -> None:
    """Every module and package directly under chandlery/ is named in the table of rows."""
    named = {name for names in ROWS for name in names}
    assert {part_of(module_name(path)) for path in python_files("src")} <= named


def test_arrows_go_down() -> None:
    """No part imports a part that stands beside or above it."""
    wrong = [
        f"{module_name(path)} -> {name}"
        for path in python_files("src")
        for name in imports_of(path)
        if part_of(name) not in may_import(part_of(module_name(path)))
    ]
    assert wrong == []


def test_no_import_cycles() -> None:
    """The imports between single modules have an order, late and typing-only ones included."""
    arrows = {module_name(path): {*imports_of(path)} for path in python_files("src")}
    assert list(TopologicalSorter(arrows).static_order())


def test_files_are_short() -> None:
    """No file of Python or TypeScript has more than 400 lines."""
    paths = [path for path in tree() if path.suffix in {".py", ".ts"}]
    assert {name: size for name, size in file_lengths(paths).items() if size > 400} == {}


def test_functions_are_short() -> None:
    """No function has more than 40 lines of code."""
    assert {name: size for name, size in functions(python_files()).items() if size > 40} == {}


def test_the_usual_file_is_short() -> None:
    """Half of the program's files have at most 100 lines, nine in ten at most 250."""
    sizes = sorted(file_lengths(python_files("src")).values())
    assert (median(sizes) <= 100, quantiles(sizes, n=10)[-1] <= 250) == (True, True), sizes


def test_the_usual_function_is_short() -> None:
    """Half of the program's functions have at most 6 lines of code, nine in ten at most 20."""
    sizes = sorted(functions(python_files("src")).values())
    assert (median(sizes) <= 6, quantiles(sizes, n=10)[-1] <= 20) == (True, True), sizes


def test_names_say_what_is_inside() -> None:
    """No file or folder has a name that fits everything."""
    vague = [path for path in tree() if VAGUE & {path.stem.strip("_"), *path.parent.parts}]
    assert vague == []


def test_tests_say_what_they_hold() -> None:
    """Every test has a docstring of one sentence."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in python_files("tests")
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if not re.fullmatch(r"\S(?:.|\n(?!\n))*[.?]", (ast.get_docstring(node) or ""))
    ]
    assert silent == []


def test_only_doors_print() -> None:
    """Nothing prints but the command line."""
    printing = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in python_files("src")
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
        if part_of(module_name(path)) != "cli"
    ]
    assert printing == []


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_the_tree_is_clean(kind: str) -> None:
    """No file names a package index or a place on one machine."""
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tree()
        if (match := FORBIDDEN[kind].search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert found == []


def test_public_names() -> None:
    """The public names are listed in order, once, and every one can be had."""
    names = chandlery.__all__
    order = sorted(names, key=lambda name: (not name.isupper(), not name[:1].isupper(), name))
    assert list(names) == order
    assert len(set(names)) == len(names)
    public = importlib.import_module("chandlery")
    assert [name for name in names if not hasattr(public, name)] == []
