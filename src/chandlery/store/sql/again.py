"""Doing a transaction again that the database undid in favour of another one."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from chandlery.errors import StoreLocked
from chandlery.store.sql.failures import is_conflict

P = ParamSpec("P")
T = TypeVar("T")

_TIMES: Final = 8
_FIRST_SECONDS: Final = 0.01


def again(transaction: Callable[P, T]) -> Callable[P, T]:
    """For a method that is one transaction: after a deadlock it is tried again, a few times."""

    @functools.wraps(transaction)
    def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        for number in range(_TIMES):
            try:
                return transaction(*args, **kwargs)
            except StoreLocked as error:
                if not is_conflict(error):
                    raise
            # Not in step with whoever was in the way.
            time.sleep(random.uniform(0.5, 1.0) * _FIRST_SECONDS * 2**number)  # noqa: S311  no secret
        return transaction(*args, **kwargs)

    return tried
