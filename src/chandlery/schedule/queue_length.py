"""How many tasks wait in the queue of a broker, whichever broker it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from kombu.connection import Connection
from kombu.exceptions import KombuError

from chandlery.schedule.celery_places import QUEUE, broker
from chandlery.settings import Settings

_PATIENCE_SECONDS: Final = 0.4
"""For one of the two tries, so that a scrape waits for less than a second."""
_NOT_FOUND: Final = "404"


def of_settings(settings: Settings) -> Callable[[], int | None] | None:
    """What tells the length of the queue, if the settings name a broker. Raises `BadSetting`."""
    if not settings.broker_url:
        return None
    place = broker(settings)
    return partial(queue_length, place.url, place.options, transport=place.transport, queue=QUEUE)


def queue_length(
    url: str,
    options: Mapping[str, object],
    *,
    transport: str | None = None,
    queue: str,
) -> int | None:
    """The number of messages that wait in `queue`; None when the broker does not answer.

    `transport` and its `options` are those of the Celery application. What a worker has fetched
    already, to do it next, waits no more. Takes a second at most.
    """
    patient = {
        **options,
        "socket_timeout": _PATIENCE_SECONDS,
        "socket_connect_timeout": _PATIENCE_SECONDS,
        "read_timeout": _PATIENCE_SECONDS,
    }
    broker: Any = Connection(
        url, transport=transport, connect_timeout=_PATIENCE_SECONDS, transport_options=patient
    )
    with broker:
        away = (KombuError, OSError, *broker.connection_errors, *broker.channel_errors)
        try:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)
            with broker.channel() as channel:
                return int(channel.queue_declare(queue, passive=True).message_count)
        except away as error:
            # Redis forgets a queue that is empty.
            return 0 if str(getattr(error, "reply_code", "")) == _NOT_FOUND else None
