"""Redis as Celery's broker, as Kombu has it, but that a worker gets over its loss in any moment.

Kombu 5.7 meets a task that was still running when Redis went away with an `AttributeError`, for
which the worker ends. It is a lost connection, and told as one the worker waits and goes on.
"""

from __future__ import annotations

from typing import Any, Final

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as Lost

_SCHEMES: Final = ("redis", "rediss")


class Channel(kombu_redis.Channel):
    """A channel that knows when its connection is gone."""

    def _connparams(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  as Kombu has it
        if self.connection is None or self.connection.client is None:
            msg = "the connection to Redis is closed"
            raise Lost(msg)
        return super()._connparams(*args, **kwargs)


class Transport(kombu_redis.Transport):
    """Kombu's transport with such channels."""

    Channel = Channel


def use() -> None:
    """Have every `redis://` broker of this process served by it."""
    TRANSPORT_ALIASES.update(dict.fromkeys(_SCHEMES, f"{__name__}:{Transport.__name__}"))
