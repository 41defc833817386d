"""How many tasks wait at a broker, asked of real ones."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from kombu.connection import Connection

from chandlery.schedule.celery_places import QUEUE, Broker, broker
from chandlery.schedule.queue_length import of_settings, queue_length
from chandlery.settings import read_settings
from tests.services import redis_server
from tests.waiting import within


def put(target: Broker, count: int) -> None:
    """Let so many messages wait in the queue."""
    connection: Any = Connection(
        target.url, transport=target.transport, transport_options=dict(target.options)
    )
    with connection, connection.SimpleQueue(QUEUE) as queue:
        for number in range(count):
            queue.put({"number": number})


def waiting(target: Broker) -> int | None:
    """What is told of the queue."""
    return queue_length(target.url, target.options, transport=target.transport, queue=QUEUE)


def test_folder(tmp_path: Path) -> None:
    """Messages in a folder are counted, those of other queues are not."""
    target = broker(read_settings(broker_url=f"filesystem://{tmp_path}/broker"))
    assert waiting(target) == 0
    put(target, 3)
    assert waiting(target) == 3
    other = queue_length(target.url, target.options, transport=target.transport, queue="other")
    assert other == 0


@pytest.mark.slow
def test_redis(tmp_path: Path) -> None:
    """Messages in Redis are counted; while it is away the number is not known."""
    with redis_server(tmp_path) as server:
        target = broker(read_settings(broker_url=server.url))
        assert waiting(target) == 0
        put(target, 3)
        assert waiting(target) == 3
        server.stop()
        assert waiting(target) is None
        server.start()
        assert waiting(target) == 3


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_silent_broker(scheme: str) -> None:
    """A broker that takes the connection and says nothing costs about a second at most."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/0"
        with within(1.5):
            assert queue_length(url, {}, queue=QUEUE) is None


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_no_broker(scheme: str) -> None:
    """A broker that is not there is no error."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert queue_length(f"{scheme}://127.0.0.1:{port}/0", {}, queue=QUEUE) is None


def test_of_settings(tmp_path: Path) -> None:
    """The settings say which queue is meant, and without a broker there is none."""
    assert of_settings(read_settings()) is None
    settings = read_settings(broker_url=f"filesystem://{tmp_path}/broker")
    put(broker(settings), 2)
    length = of_settings(settings)
    assert length is not None
    assert length() == 2
