"""A process with a disk of its own, which nobody else sees and which ends with it.

It runs the `chandlery` command there, each time in a fork, because to start Python anew takes a
second. Started by `disk_room`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Final

import arro3.core
import arro3.io
import deltalake
import deltalake.transaction

import chandlery.collect.exporting
import chandlery.collect.keeper
from chandlery.cli.main import main as command

__all__ = ["arro3", "chandlery", "deltalake"]  # imported here, and not in every fork

_PAGE: Final = 4096


def _mount(disk: str, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=True)


def _make(disk: str, size: int) -> None:
    """An ext4 in a file beside the folder."""
    with Path(_image(disk)).open("wb") as image:
        image.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", "-F", _image(disk)], check=True)
    _mount_image(disk)


def _image(disk: str) -> str:
    return f"{disk}.ext4"


def _mount_image(disk: str) -> None:
    subprocess.run(["mount", "-o", "loop,errors=remount-ro", _image(disk), disk], check=True)


def _break(disk: str) -> None:
    """Tell the kernel of an error of this disk: it goes on for reading only."""
    device = Path(disk).stat().st_dev
    name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
    assert name.startswith("loop"), f"{disk} is no disk of ours, but {name}"
    Path("/sys/fs/ext4", name, "trigger_fs_error").write_text("tried")


def _mend(disk: str) -> None:
    subprocess.run(["umount", disk], check=True)
    code = subprocess.run(
        ["e2fsck", "-fy", _image(disk)], stdout=sys.stderr, check=False
    ).returncode
    assert code in {0, 1}, f"the disk cannot be mended: {code}"
    _mount_image(disk)


def _remount(disk: str, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)


def _used(disk: str) -> int:
    """Bytes in use."""
    seen = os.statvfs(disk)
    return (seen.f_blocks - seen.f_bfree) * seen.f_frsize


def _run(  # noqa: PLR0913  they come by name
    disk: str,
    *,
    words: list[str],
    settings: dict[str, str],
    out: str,
    err: str,
    fails_after: float | None = None,
) -> tuple[int, bool]:
    """The exit code of the command, and whether the disk was well for as long as it ran.

    What the command says goes into two files elsewhere.
    """
    pid = os.fork()
    if pid:
        well = True
        if fails_after is not None:
            time.sleep(fails_after)
            well = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
            _break(disk)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), well
    for number, name in ((1, out), (2, err)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.chdir(disk)
    os.environ.update(settings)
    sys.argv = ["chandlery", *words]
    code: Any = 1
    try:
        command()
        code = 0
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001  as the interpreter would
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(code or 0))


def _filled(disk: str, source: str) -> None:
    """Put a copy of a folder in place of all that is on the disk."""
    for path in Path(disk).iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(source, disk, dirs_exist_ok=True)
    subprocess.run(["sync", "-f", disk], check=True)


def answer(disk: str, size: int, job: dict[str, Any]) -> object:
    """Do one thing that is asked from outside."""
    what = job.pop("do")
    if what == "run":
        return _run(disk, **job)
    if what == "fill":
        _filled(disk, job["source"])
    elif what == "leave":
        room = job["room"]
        # A size of 0 would be taken for none.
        _remount(disk, f"size={size if room is None else max(_PAGE, _used(disk) + room)}")
    elif what == "protect":
        _remount(disk, "ro" if job["protected"] else "rw")
    elif what == "mend":
        _mend(disk)
    elif what == "copy":
        shutil.copytree(disk, job["to"])
    return _used(disk)


def main() -> None:
    """Do what is asked until nobody asks any more."""
    disk, size, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    if kind == "tmpfs":
        _mount(disk, f"size={size}")
    else:
        _make(disk, size)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    answers.write('"ready"\n')
    for line in sys.stdin:
        answers.write(json.dumps(answer(disk, size, json.loads(line))) + "\n")


if __name__ == "__main__":
    main()
