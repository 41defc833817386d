"""The table of foreign errors."""

from __future__ import annotations

import pytest
from urllib3 import exceptions as foreign

from chandlery.errors import BadAnswer, BadSetting, Unreachable
from chandlery.transport.faults import FAULTS, fault, faults


def _known(root: type[BaseException]) -> set[type[BaseException]]:
    # Other libraries derive from these, too, wherever they happen to be loaded.
    own = [kind for kind in root.__subclasses__() if kind.__module__.startswith("urllib3.")]
    return {root}.union(*map(_known, own))


def test_every_foreign_error_is_mapped() -> None:
    """Every error class of urllib3 stands in the table: a new release may add one."""
    found = {
        kind
        for kind in vars(foreign).values()
        if isinstance(kind, type)
        and issubclass(kind, Exception)
        and not issubclass(kind, Warning)
        and kind.__module__ == foreign.__name__
    }
    assert found | _known(foreign.HTTPError) == set(FAULTS)


@pytest.mark.parametrize("kind", FAULTS)
def test_only_our_errors_leave(kind: type[BaseException]) -> None:
    """Each of them becomes the error of the table, with the foreign one as its cause."""
    error = kind.__new__(kind)
    ours, reason = FAULTS[kind]
    with pytest.raises(ours) as caught, faults():
        raise error
    assert str(caught.value) == reason
    assert caught.value.__cause__ is error


def test_what_broke_the_connection_counts() -> None:
    """A broken connection that ended a body too early is a bad answer."""
    cut = foreign.ProtocolError("broken", foreign.IncompleteRead(3, 4))
    reset = foreign.ProtocolError("broken", ConnectionResetError())
    assert fault(cut)[0] is BadAnswer
    assert fault(reset)[0] is Unreachable


def test_a_strange_error_is_a_failed_connection() -> None:
    """An error that urllib3 grows one day is still one of ours."""

    class NewError(foreign.PoolError):
        pass

    assert fault(NewError.__new__(NewError))[0] is Unreachable


def test_settings_are_not_retried() -> None:
    """An impossible URL is the setting's fault, not the network's."""
    assert fault(foreign.LocationParseError("x"))[0] is BadSetting
