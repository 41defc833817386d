"""A shared budget in Redis, for all processes and machines behind one address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.retry import Retry

from chandlery.errors import BadSetting, Unreachable
from chandlery.transport.budget.protocol import Permit
from chandlery.transport.budget.redis_scripts import FREEZE, LOOK, SETTLE, TAKE
from chandlery.transport.budget.rule import Known, Moment, Standing

PATIENCE: Final = 1.0
"""Seconds to wait for a connection, and for an answer."""
CONNECTIONS: Final = 4
"""Of one process; its threads take turns, since an answer takes a fraction of a millisecond."""


class RedisPlace:
    """Keeps the account in a few small keys, which expire when nobody uses them.

    Every verb is one script, so that it is done at once; the scripts say in Lua what `rule` says.
    """

    def __init__(self, url: str, name: str) -> None:
        self.shown = _shown(url)
        self._name = name
        try:
            pool = redis.BlockingConnectionPool.from_url(
                url,
                max_connections=CONNECTIONS,
                timeout=PATIENCE,
                socket_timeout=PATIENCE,
                socket_connect_timeout=PATIENCE,
                # Once more at once when a connection breaks, as it does when the server was
                # restarted. Not after a timeout: waiting once is enough.
                retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
            )
        except ValueError:
            raise BadSetting(
                f"The request budget at {self.shown} is no URL of a Redis. In a password write @ "
                "as %40, / as %2F, : as %3A and % as %25."
            ) from None  # the cause could show a password
        client = redis.Redis(connection_pool=pool)
        self._take = client.register_script(TAKE)
        self._look = client.register_script(LOOK)
        self._settle = client.register_script(SETTLE)
        self._freeze = client.register_script(FREEZE)

    def take(self, moment: Moment, known: Known, weight: int, share: float) -> Standing:
        """Count `weight` if it fits."""
        return _standing(self._run(self._take, moment, [*_words(known), weight, share]))

    def look(self, moment: Moment, known: Known) -> Standing:
        """How things stand."""
        return _standing(self._run(self._look, moment, _words(known)))

    def settle(self, moment: Moment, permit: Permit, used: int | None) -> None:
        """Take a request out of flight."""
        header = -1 if used is None else used
        words = [permit.minute, permit.weight, header]
        self._run(self._settle, moment, words, permit.minute, permit.minute - 1)

    def freeze(self, moment: Moment, length_ms: int) -> None:
        """Let nobody send for so long."""
        self._run(self._freeze, moment, [length_ms])

    def _run(self, script: Script, moment: Moment, words: Sequence[float], *minutes: int) -> object:
        here = (moment.exchange_ms, moment.steady_ms, moment.minute, moment.machine)
        around = (moment.minute - 1, moment.minute, moment.minute + 1)
        keys = [self._key(part) for part in ("limit", "freeze", *map(str, (*around, *minutes)))]
        try:
            return script(keys=keys, args=[*here, *words])
        except (redis.RedisError, OSError) as error:
            raise Unreachable(f"{error}") from error

    def _key(self, part: str) -> str:
        # Braces: in a cluster, all keys of one budget live together.
        return f"chandlery:budget:{{{self._name}}}:{part}"


def _words(known: Known) -> list[float]:
    return [known.limit, known.used, known.frozen_ms]


def _standing(answer: object) -> Standing:
    match answer:
        case [int(limit), int(used), int(frozen_ms), int(granted)]:
            return Standing(limit, used, frozen_ms, granted=granted == 1)
        case _:
            raise Unreachable(f"Redis answered {answer!r:.100}")


def _shown(url: str) -> str:
    """The address without user, password and parameters."""
    scheme, _, rest = url.partition("://")
    # To the last @, because a password may hold one, and a / too.
    parts = urlsplit(f"{scheme}://{rest.rpartition('@')[2]}")
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
