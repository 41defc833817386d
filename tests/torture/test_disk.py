"""No room on the disk, none may write, or it breaks: said in words, nothing lost, and done later.

The disk is a tmpfs of 64 MB that only one process sees; root and ordinary users can have one. The
one that breaks is an ext4 in a file, which only root can have.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chandlery.sandbox import Sandbox
from tests.collect.rehearsal import EARLY_MS, afresh
from tests.torture.crash_cases import drafts
from tests.torture.disk_room import Disk, FailingDisk, Said, SmallDisk, failing_disk, small_disk
from tests.torture.disk_works import WORKS, Truth, Work
from tests.torture.lengths import FULL, scaled

TIMES = scaled(short=2, full=25)
BAD_WORDS = ("Traceback", "panicked", "Exception ignored", "Error:")
READ_ONLY_WORDS = ("cannot be written", "Read-only file system")
BROKEN_WORDS = (*READ_ONLY_WORDS, "disk I/O error", "Input/output error")
FULL_WORDS = ("No space left on device", "no room left", "database or disk is full")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Truth]:
    """An exchange whose time stands still."""
    with Sandbox(now_ms=EARLY_MS, speed=0) as box:
        yield Truth(box, tmp_path_factory.mktemp("truth"))


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    """A disk of its own for these tests."""
    with small_disk(tmp_path_factory.mktemp("disk") / "small") as small:
        yield small


@pytest.fixture(scope="module")
def old_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FailingDisk]:
    """A disk that breaks when it is told to."""
    with failing_disk(tmp_path_factory.mktemp("disk") / "old") as old:
        yield old


def run(work: Work, disk: Disk, truth: Truth) -> Said:
    """Run the command; nothing of Python may be seen, whatever happens."""
    afresh(truth.box, EARLY_MS)
    return spoken(disk.run(*work.words, settings=settings_on(disk, truth)))


def settings_on(disk: Disk, truth: Truth) -> dict[str, str]:
    """Archive files are unpacked where temporary files go: that is on the disk, too."""
    return {**truth.settings(), "TMPDIR": str(disk.folder)}


def spoken(said: Said) -> Said:
    """What was said, if it was said to people."""
    assert not [word for word in BAD_WORDS if word in said.err], said.err
    return said


def bytes_needed(work: Work, disk: SmallDisk, truth: Truth) -> int:
    """How much the disk fills while the command has all the room it wants, which it must do."""
    before = disk.fill(truth.source(work.source))
    said = run(work, disk, truth)
    assert said.code == 0, said.err
    return max(0, disk.used() - before)


def is_intact(work: Work, copy: Path, truth: Truth, *, replaced: bool = False) -> None:
    """Everything that was there before is there, and nothing else than the exchange has.

    `replaced` allows that a file is the new one, whole.
    """
    old = truth.source(work.source)
    if work.file and (copy / work.file).read_bytes() != (old / work.file).read_bytes():
        assert replaced, f"{work.file} has changed"
        work.done(truth, copy)
    if (copy / "chandlery-data" / "chandlery.db").exists():
        place = truth.place(copy, work.series)
        before: set[int] = set()
        if (old / "chandlery-data").exists() and work.source != "older":
            with truth.place(old, work.series).open() as store:
                held = store.candles.read(place.series, forming=False).frame
            before = set(held["open_time"].dt.epoch("ms").to_list())
        elif work.source == "older":
            before = set(truth.candles()["open_time"].dt.epoch("ms").to_list())
        place.survives(before)


def explains(work: Work, said: Said, disk: Disk, words: tuple[str, ...]) -> None:
    """It says what could not be written, why, and what to do; not that all went well."""
    assert said.code != 0 or work.is_noted, said
    told = said.err + (said.out if work.is_noted else "")
    assert any(word in told for word in words), said
    places = (str(disk.folder), "chandlery-data", work.file)
    assert any(place in told for place in places if place), said
    assert "try again" in told or "Choose" in told or "choose another" in told, said


@pytest.mark.slow  # the command is run up to four times
@pytest.mark.parametrize("name", list(WORKS))
def test_full_disk(disk: SmallDisk, truth: Truth, tmp_path: Path, name: str) -> None:
    """With any bit of room less than needed: an error in words, old data whole, then all done."""
    work = WORKS[name]
    needed = bytes_needed(work, disk, truth)
    refused = 0
    for seed in range(1, 1 + TIMES):
        chance = random.Random(f"{name} {seed}")  # noqa: S311  nobody has to guess it
        room = 0 if seed == 1 else chance.randrange(0, needed + 4096, 4096)
        disk.fill(truth.source(work.source))
        disk.leave(room)
        said = run(work, disk, truth)
        try:
            copy = disk.copied(tmp_path / "full")
            if said.code == 0 and not any(word in said.out + said.err for word in FULL_WORDS):
                work.done(truth, copy)
                continue
            refused += 1
            explains(work, said, disk, FULL_WORDS)
            assert "MB are free" in said.err + said.out, said
            is_intact(work, copy, truth)
            disk.leave(None)
            again = run(work, disk, truth)
            assert again.code == 0, again.err
            work.done(truth, disk.copied(tmp_path / "roomy"))
        except BaseException as error:
            error.add_note(f"{name}, seed {seed}: {room} of {needed} bytes were free; {said}")
            raise
    assert refused


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in files_of(folder)}


def files_of(folder: Path) -> list[Path]:
    """The files below it."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.slow  # the command is run twice
@pytest.mark.parametrize("name", list(WORKS))
def test_read_only_disk(disk: SmallDisk, truth: Truth, tmp_path: Path, name: str) -> None:
    """Where nobody may write, not even root, it says so, touches nothing, and works afterwards."""
    work = WORKS[name]
    disk.fill(truth.source(work.source))
    disk.protect(protected=True)
    try:
        said = run(work, disk, truth)
    finally:
        disk.protect(protected=False)
    explains(work, said, disk, READ_ONLY_WORDS)
    assert said.code
    assert content(disk.copied(tmp_path / "after")) == content(truth.source(work.source))
    again = run(work, disk, truth)
    assert again.code == 0, again.err
    work.done(truth, disk.copied(tmp_path / "then"))


@pytest.mark.slow  # the command is run twice
@pytest.mark.parametrize("full", [True, False], ids=["full", "read-only"])
@pytest.mark.parametrize("name", ["csv", *(name for name in WORKS if name.startswith("export"))])
def test_only_the_files(
    disk: SmallDisk, truth: Truth, tmp_path: Path, name: str, *, full: bool
) -> None:
    """Where only a CSV or an export finds no place, the store elsewhere is well, and so it says."""
    work = WORKS[name]
    disk.fill(truth.source(work.source))
    home = shutil.copytree(truth.source(work.source) / "chandlery-data", tmp_path / "home")
    settings = {**truth.settings(), "CHANDLERY_HOME": str(home)}
    afresh(truth.box, EARLY_MS)
    disk.leave(0 if full else None)
    disk.protect(protected=not full)
    try:
        said = spoken(disk.run(*work.words, settings=settings))
    finally:
        disk.protect(protected=False)
    explains(work, said, disk, FULL_WORDS if full else READ_ONLY_WORDS)
    assert said.code
    assert work.file is not None
    assert work.file in said.err
    is_intact(work, disk.copied(tmp_path / "after"), truth)
    disk.leave(None)
    assert disk.run(*work.words, settings=settings).code == 0
    then = disk.copied(tmp_path / "then")
    shutil.rmtree(then / "chandlery-data")
    shutil.copytree(home, then / "chandlery-data")
    work.done(truth, then)
    assert drafts(then) == []


@pytest.mark.slow  # the command is run three times
@pytest.mark.parametrize("name", list(WORKS) if FULL else ["csv", "fold", "migration"])
def test_broken_disk(old_disk: FailingDisk, truth: Truth, tmp_path: Path, name: str) -> None:
    """A disk that breaks under way: said in words; once mended all is there, and can go on."""
    # What was done before is done. Of what is done in the very moment nobody can tell: Linux may
    # say of the last sync that it went well, or that it failed, with the file's new name or not.
    work, disk = WORKS[name], old_disk
    disk.fill(truth.source(work.source))
    began = time.monotonic()
    run(work, disk, truth)
    needed, refused = time.monotonic() - began, 0
    for seed in range(1, 1 + 10 * TIMES):
        if refused and seed > TIMES:
            break
        chance = random.Random(f"{name} {seed}")  # noqa: S311  nobody has to guess it
        seconds = chance.uniform(0, needed)
        disk.fill(truth.source(work.source))
        afresh(truth.box, EARLY_MS)
        settings = settings_on(disk, truth)
        said = disk.run_until_it_fails(*work.words, settings=settings, seconds=seconds)
        disk.mend()
        try:
            spoken(said)
            copy = disk.copied(tmp_path / "mended")
            if said.well:
                assert said.code == 0
                work.done(truth, copy)
                continue
            if said.code or any(word in said.out + said.err for word in BROKEN_WORDS):
                refused += 1
                explains(work, said, disk, BROKEN_WORDS)
            is_intact(work, copy, truth, replaced=True)
            again = run(work, disk, truth)
            assert again.code == 0, again.err
            work.done(truth, disk.copied(tmp_path / "done"))
        except BaseException as error:
            error.add_note(f"{name}, seed {seed}: broken after {seconds:.3f} s; {said}")
            raise
    assert refused, "it was done before the disk broke, every time"
