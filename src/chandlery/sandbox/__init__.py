"""A sandbox exchange: Binance, its archive and CoinGecko on loopback, invented or replayed.

It needs no network, answers as the real services do, and misbehaves on request. It knows candles,
errors and the clock, and nothing of the program that it is there to try.
"""

from chandlery.sandbox.archive.faults import ARCHIVE_KINDS, ArchiveFault, ArchiveFaultKind
from chandlery.sandbox.box import Sandbox, serve
from chandlery.sandbox.clock import SandboxClock
from chandlery.sandbox.options import SandboxOptions
from chandlery.sandbox.wire.faults import KINDS, Fault, FaultKind, Faults
from chandlery.sandbox.wire.seen import RequestsSeen, Seen

__all__ = [
    "ARCHIVE_KINDS",
    "KINDS",
    "ArchiveFault",
    "ArchiveFaultKind",
    "Fault",
    "FaultKind",
    "Faults",
    "RequestsSeen",
    "Sandbox",
    "SandboxClock",
    "SandboxOptions",
    "Seen",
    "serve",
]
