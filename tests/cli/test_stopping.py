"""Ctrl-C and SIGTERM where they are easily lost, told twice, or told by libraries in their way."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from tests.cli.conftest import Shell

pytestmark = pytest.mark.slow

LOST = """
import signal, time, weakref
from chandlery.cli.main import errors_as_lines

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored

class Something:
    pass

with errors_as_lines():
    something = Something()
    told = weakref.ref(something, lambda _: signal.raise_signal(signal.SIGINT))
    del something
    print("lost", flush=True)
    time.sleep(60)
"""
TOLD_BY_A_LIBRARY = """
import logging
from chandlery.cli.main import errors_as_lines

with errors_as_lines():
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        logging.getLogger("a.library").exception("Exception during reset or similar")
        logging.getLogger("a.library").error("it goes on")
        raise
"""
LATE = """
import os, signal, sys, threading, time
from chandlery.cli.main import main

def press() -> None:
    threading.main_thread().join()
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
threading.Thread(target=press).start()
sys.argv = ["chandlery", "--version"]
main()
"""
STUCK = """
import time
from chandlery.cli.stopping import until_stopped

with until_stopped():
    print("stuck", flush=True)
    time.sleep(60)
"""


def test_lost_in_a_callback(shell: Shell) -> None:
    """A Ctrl-C that the interpreter throws away ends the program a moment later, in one line."""
    began = time.monotonic()
    done = shell.run("-c", LOST)
    assert (done.returncode, done.stdout, done.stderr) == (130, "lost\n", "chandlery: stopped.\n")
    assert time.monotonic() - began < 30  # it would have slept for sixty


def test_told_by_a_library(shell: Shell) -> None:
    """No traceback of a Ctrl-C is shown that a library writes before it passes it on."""
    done = shell.run("-c", TOLD_BY_A_LIBRARY)
    assert (done.returncode, done.stderr) == (130, "it goes on\nchandlery: stopped.\n")


def test_when_all_is_done(shell: Shell) -> None:
    """A Ctrl-C while Python ends shows no traceback either."""
    done = shell.run("-c", LATE)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
    assert done.stdout.startswith("chandlery ")


def test_told_again_later(shell: Shell) -> None:
    """What does not end when told to ends at once when told again, but not by a second signal."""
    with shell.start("-c", STUCK) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(5.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == -signal.SIGTERM
