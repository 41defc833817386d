"""What Celery's programs say about an outage: one line when it begins and one when it ends."""

from __future__ import annotations

import logging

import pytest

from chandlery.schedule.celery_words import Outage, quieten

CONSUMER = "celery.worker.consumer.consumer"
CONNECTION = "celery.worker.consumer.connection"


def test_broker_away(caplog: pytest.LogCaptureFixture) -> None:
    """Of a hundred tries one is told, without a traceback, and so is the end."""
    quieten()
    quieten()
    caplog.set_level(logging.INFO)
    consumer, connection = logging.getLogger(CONSUMER), logging.getLogger(CONNECTION)
    for _ in range(2):
        consumer.warning(
            "consumer: Connection to broker lost. Trying (%r)", OSError(), exc_info=True
        )
        for number in range(50):
            consumer.error("consumer: Cannot connect to %s: %s.\nAgain in %s", "x", "no", number)
        logging.getLogger("celery.worker.request").critical("Couldn't ack %r", "x")
        logging.getLogger("celery.worker.loops").error(
            "Error cleaning up after event loop: %r", "x"
        )
        connection.info("Connected to %s", "x")
    consumer.info("something else")
    assert [line.split(".")[0] for line in caplog.messages] == [
        "consumer: Connection to broker lost",
        "Connected to x",
        "consumer: Connection to broker lost",
        "Connected to x",
        "something else",
    ]
    assert "Traceback" not in caplog.text


def test_outage(caplog: pytest.LogCaptureFixture) -> None:
    """An outage is told once, and its end only when there was one."""
    outage = Outage(logging.getLogger("anything"))
    outage.ended("back")
    for _ in range(3):
        outage.began("away")
    for _ in range(3):
        outage.ended("back")
    assert caplog.messages == ["away.", "back."]
