"""Redis as Celery's broker, as Kombu has it, but that a worker gets over its loss in any moment.

Kombu 5.7 meets a task that was still running when Redis went away with an `AttributeError`, for
which the worker ends. It is a lost connection, and told as one the worker waits and goes on. So is
a server that became a replica or is full, which takes no messages: connecting is tried again later.
"""

from __future__ import annotations

from typing import Any, Final

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError

_SCHEMES: Final = ("redis", "rediss")
_NO_KEY: Final = "chandlery:no-such-key"


class Channel(kombu_redis.Channel):
    """A channel that knows when its connection is gone, or leads where nothing can be written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as Kombu has it
        super().__init__(*args, **kwargs)
        try:
            # Nothing put at the beginning of no key makes none, but is refused as writing is.
            self.client.setrange(_NO_KEY, 0, "")
        except (ReadOnlyError, OutOfMemoryError) as error:
            self._disconnect_pools()
            is_ = "full" if isinstance(error, OutOfMemoryError) else "a read-only replica"
            msg = f"this Redis is {is_}"
            raise Lost(msg) from error
        except ResponseError:
            pass  # we may not ask, which says nothing of what we may send

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
