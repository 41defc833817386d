"""What depends on the process: its environment, and forking."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.transport.scripted import Play, scripted

SEND = """
import os, sys
from chandlery.clock import SystemClock
from chandlery.transport.budget import MinuteBudget
from chandlery.transport.request import Request
from chandlery.transport.sender import Sender
from chandlery.transport.service import Service

clock = SystemClock()
service = Service("Exchange", sys.argv[1].split(","), "EXCHANGE_URL")
with Sender(service, clock=clock, budget=MinuteBudget(clock)) as sender:
    sender.send(Request("/first"))
    if "fork" in sys.argv:
        child = os.fork()
        sender.send(Request("/child" if child == 0 else "/parent"))
        if child:
            os.waitpid(child, 0)
"""


def run(*args: str, **environment: str) -> None:
    """Run the script above in a process of its own, without this one's proxies."""
    inherited = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    subprocess.run(
        [sys.executable, "-c", SEND, *args],
        env={**inherited, **environment},
        check=True,
        timeout=20,
    )


def test_proxy_of_the_environment() -> None:
    """The proxy that the environment names is used for other hosts, and not for this machine."""
    with scripted(Play()) as proxy, scripted(Play()) as local:
        run("http://exchange.invalid/base", http_proxy=proxy.url)
        run(local.url, http_proxy=proxy.url)
    assert [asked.target for asked in proxy.asked] == ["http://exchange.invalid/base/first"]
    assert [asked.target for asked in local.asked] == ["/first"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_has_its_own_connections() -> None:
    """A forked worker does not speak over its parent's connection."""
    with scripted(Play()) as server:
        run(server.url, "fork")
    connections = {asked.target: asked.connection for asked in server.asked}
    assert connections["/parent"] == connections["/first"]
    assert connections["/child"] != connections["/first"]
