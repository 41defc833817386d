"""Downloads into a sink, piece by piece, and HEAD."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chandlery.clock import FrozenClock, SystemClock
from chandlery.errors import BadAnswer, RateLimited, ServerFault, Unreachable
from chandlery.transport.request import Answer, Request
from chandlery.transport.retry import RetryPolicy
from tests.transport.conftest import HASTY, QUICK, SenderFactory
from tests.transport.scripted import Asked, Play, nobody, scripted

ZIP = Request("/a.zip")
LARGE = bytes(range(256)) * 4000
FINE = Play(LARGE, headers={"ETag": '"abc"'})


class Heap:
    """A sink that keeps the pieces."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.begun = 0

    def restart(self) -> None:
        """Throw away what there is."""
        self.begun += 1
        self.pieces.clear()

    def write(self, piece: bytes) -> None:
        """Keep a piece."""
        self.pieces.append(piece)

    @property
    def content(self) -> bytes:
        """All pieces."""
        return b"".join(self.pieces)


def same(answer: Answer) -> Answer:
    """The answer as it is."""
    return answer


class TestDownload:
    """A body that goes into a sink."""

    @pytest.mark.parametrize("chunked", [False, True])
    def test_pieces(self, sender: SenderFactory, *, chunked: bool) -> None:
        """It comes in pieces, whole, past the limit for answers; the answer itself has none."""
        heap = Heap()
        with scripted(replace(FINE, chunked=chunked)) as server:
            answer = sender([server.url]).ask(ZIP, same, sink=heap)
        assert heap.content == LARGE
        assert len(LARGE) > QUICK.timeouts.most_bytes
        assert max(map(len, heap.pieces)) <= 1 << 18
        assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"", '"abc"')

    @pytest.mark.parametrize("status", [404, 206])
    def test_other_answers(self, sender: SenderFactory, status: int) -> None:
        """What is not the whole file does not touch the sink, and its body can be read."""
        heap = Heap()
        with scripted(Play(b"no such key", status=status)) as server:
            answer = sender([server.url]).ask(ZIP, same, sink=heap)
        assert (answer.status, answer.body) == (status, b"no such key")
        assert heap.begun == 0

    @pytest.mark.parametrize(
        "play",
        [
            Play(LARGE, cut=300_000),
            Play(LARGE, cut=300_000, chunked=True),
            Play(status=503),
            Play(reset=True),
        ],
    )
    def test_starts_over(self, sender: SenderFactory, play: Play) -> None:
        """After a failure it is tried again from its first byte."""
        heap = Heap()
        with scripted(play, FINE) as server:
            sender([server.url]).ask(ZIP, same, sink=heap)
        assert heap.content == LARGE
        assert heap.begun == (2 if play.cut else 1)

    def test_next_host(self, sender: SenderFactory) -> None:
        """Where nobody listens, the next host brings it."""
        heap = Heap()
        with nobody() as dead, scripted(FINE) as server:
            sender([dead, server.url]).ask(ZIP, same, sink=heap)
        assert heap.content == LARGE

    def test_always_cut(self, sender: SenderFactory) -> None:
        """A download that always ends early is a bad answer."""
        with (
            scripted(Play(LARGE, cut=300_000)) as server,
            pytest.raises(BadAnswer, match="cut off"),
        ):
            sender([server.url]).ask(ZIP, same, sink=Heap())

    def test_silence(self, sender: SenderFactory) -> None:
        """A server that falls silent is given up."""
        manners = replace(HASTY, retry=RetryPolicy(attempts=1))
        with (
            scripted(Play(hang=True)) as server,
            pytest.raises(Unreachable, match="no answer in time"),
        ):
            sender([server.url], manners=manners).ask(ZIP, same, sink=Heap())

    def test_a_trickle_is_cut(self, sender: SenderFactory) -> None:
        """A download that comes byte by byte for ever is given up."""
        manners = replace(HASTY, retry=RetryPolicy(attempts=1))
        with (
            scripted(Play(b"x" * 1000, trickle=0.05)) as server,
            pytest.raises(Unreachable, match="too slow"),
        ):
            sender([server.url], manners=manners, time=SystemClock()).ask(ZIP, same, sink=Heap())

    def test_long_and_steady(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """What keeps coming may take longer than any answer may."""

        class Slow(Heap):
            def write(self, piece: bytes) -> None:
                super().write(piece)
                clock.advance(len(piece) / 20_000)

        heap = Slow()
        manners = replace(QUICK, timeouts=replace(QUICK.timeouts, whole=1))
        with scripted(FINE) as server:
            sender([server.url], manners=manners).ask(ZIP, same, sink=heap)
        assert heap.content == LARGE
        assert clock.monotonic() > 50

    def test_a_full_sink(self, sender: SenderFactory) -> None:
        """What the sink raises ends it at once, and the connection is not used again."""

        class Full(Heap):
            def write(self, piece: bytes) -> None:
                raise OSError(28, str(len(piece)))

        with scripted(FINE) as server:
            one = sender([server.url])
            with pytest.raises(OSError, match="28"):
                one.ask(ZIP, same, sink=Full())
            heap = Heap()
            one.ask(ZIP, same, sink=heap)
        assert heap.content == LARGE
        assert [asked.connection for asked in server.asked] == [1, 2]


class TestHead:
    """HEAD: the headers without the body."""

    HEAD = Request("/a.zip", method="HEAD")

    def test_head(self, sender: SenderFactory) -> None:
        """A length is stated and nothing comes; the connection stays good."""
        size = Play(b"", headers={"Content-Length": "12345"})
        with scripted(size, Play()) as server:
            one = sender([server.url])
            answer = one.send(self.HEAD)
            assert one.send(ZIP).body == b"{}"
        assert (answer.headers["content-length"], answer.body) == ("12345", b"")
        assert {asked.connection for asked in server.asked} == {1}

    def test_faults(self, sender: SenderFactory) -> None:
        """A HEAD that fails is tried again like every request."""
        with scripted(Play(b"", status=500), Play(b"")) as server:
            assert sender([server.url]).send(self.HEAD).status == 200
        assert len(server.asked) == 2


class TestBusyHosts:
    """A 503 that says for how long."""

    BUSY = Play(status=503, headers={"Retry-After": "20"})

    def test_waits(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """The only host is not asked again before the time."""
        seen: list[float] = []

        def script(_: Asked) -> Play:
            seen.append(clock.monotonic())
            return self.BUSY if len(seen) == 1 else FINE

        heap = Heap()
        with scripted(script=script) as server:
            sender([server.url]).ask(ZIP, same, sink=heap)
        assert seen[1] - seen[0] >= 20

    def test_too_long(self, sender: SenderFactory) -> None:
        """A time longer than the caller's patience is an error that says until when."""
        busy = Play(status=503, headers={"Retry-After": "900"})
        with scripted(busy) as server, pytest.raises(RateLimited, match="Try again after"):
            sender([server.url]).send(ZIP)
        assert len(server.asked) == 1

    def test_another_host(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """Where there is another host, it is asked at once."""
        with scripted(self.BUSY) as busy, scripted(Play()) as fine:
            assert sender([busy.url, fine.url]).send(ZIP).status == 200
        assert clock.monotonic() == 0

    def test_without_a_time(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """A 503 that says nothing is tried again after the usual pauses."""
        with scripted(Play(status=503)) as server, pytest.raises(ServerFault):
            sender([server.url]).send(ZIP)
        assert clock.monotonic() == 0.5 + 1.0 + 2.0
