"""Sending over real sockets to a server that misbehaves as told."""

from __future__ import annotations

import gzip
import threading
from dataclasses import replace

import pytest

from chandlery.clock import FrozenClock, SystemClock
from chandlery.errors import (
    BadAnswer,
    BadSetting,
    Blocked,
    RateLimited,
    ServerFault,
    Unreachable,
)
from chandlery.transport.budget import MinuteBudget
from chandlery.transport.request import Answer, Request
from chandlery.transport.retry import RetryPolicy
from tests.transport.conftest import HASTY, NOON_MS, QUICK, SenderFactory
from tests.transport.scripted import Asked, Play, nobody, scripted

PING = Request("/ping", (("symbol", "BTCUSDT"),))
FINE = Play(b'{"fine":1}')


class TestAnswers:
    """What comes back when all goes well."""

    def test_answer(self, sender: SenderFactory) -> None:
        """An answer has status, lower-case headers, body, a shown URL and the times around it."""
        with scripted(Play(b"[1]", headers={"X-Thing": "Yes"})) as server:
            answer = sender([server.url]).send(PING)
        assert (answer.status, answer.body, answer.headers["x-thing"]) == (200, b"[1]", "Yes")
        assert answer.url == f"{server.url}/ping?symbol=BTCUSDT"
        assert answer.sent_ms == answer.received_ms == NOON_MS
        assert answer.sent == answer.received

    def test_says_who_it_is(self, sender: SenderFactory) -> None:
        """The program names itself and takes compressed JSON."""
        with scripted(FINE) as server:
            sender([server.url]).send(PING)
        headers = server.asked[0].headers
        assert headers["user-agent"].startswith("chandlery")
        assert headers["accept-encoding"] == "gzip"
        assert headers["accept"] == "application/json"

    def test_keeps_the_connection(self, sender: SenderFactory) -> None:
        """Many requests go over one connection."""
        with scripted(FINE) as server:
            one = sender([server.url])
            for _ in range(5):
                one.send(PING)
        assert {asked.connection for asked in server.asked} == {1}

    def test_idle_connections_are_dropped(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """After a long pause a new connection is made: the old one may be dead unseen."""
        with scripted(FINE) as server:
            one = sender([server.url])
            one.send(PING)
            clock.advance(3600)
            one.send(PING)
        assert [asked.connection for asked in server.asked] == [1, 2]

    @pytest.mark.parametrize("chunked", [False, True])
    def test_gzip(self, sender: SenderFactory, *, chunked: bool) -> None:
        """A compressed answer arrives as it was, with and without a length."""
        text = b'{"a":"' + b"x" * 50_000 + b'"}'
        play = Play(gzip.compress(text), headers={"Content-Encoding": "gzip"}, chunked=chunked)
        with scripted(play) as server:
            assert sender([server.url]).send(PING).body == text

    def test_base_url_with_a_path(self, sender: SenderFactory) -> None:
        """A base URL may have a path, with or without a final slash."""
        with scripted(FINE) as server:
            sender([server.url + "/behind/proxy/"]).send(PING)
        assert server.asked[0].target == "/behind/proxy/ping?symbol=BTCUSDT"

    def test_symbols_of_any_letters(self, sender: SenderFactory) -> None:
        """A symbol with other than ASCII letters is encoded as UTF-8."""
        with scripted(FINE) as server:
            sender([server.url]).send(Request("/k", (("symbol", "币安USDT"),)))
        assert server.asked[0].target == "/k?symbol=%E5%B8%81%E5%AE%89USDT"

    def test_a_refusal_is_for_the_caller(self, sender: SenderFactory) -> None:
        """A 400 comes back as an answer: only the adapter knows its codes."""
        with scripted(Play(b'{"code":-1121}', status=400)) as server:
            assert sender([server.url]).send(PING).status == 400
        assert len(server.asked) == 1

    def test_many_threads(self, sender: SenderFactory) -> None:
        """One sender serves many threads, each with its own answer."""

        def echo(asked: Asked) -> Play:
            return Play(asked.target.encode())

        with scripted(script=echo) as server:
            one = sender([server.url], time=SystemClock())
            wrong: list[str] = []

            def work(number: int) -> None:
                for turn in range(10):
                    request = Request(f"/{number}/{turn}")
                    if one.send(request).body.decode() != request.path:
                        wrong.append(request.path)

            threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert not wrong
        assert len(server.asked) == 80
        assert len({asked.connection for asked in server.asked}) <= 8


FAILURES = {
    "server error": (Play(b'{"msg":"down"}', status=503), ServerFault),
    "HTML from the edge": (Play(b"<html>busy</html>", status=502), ServerFault),
    "reset": (Play(reset=True), Unreachable),
    "closed without a word": (Play(raw=b""), Unreachable),
    "hang": (Play(hang=True), Unreachable),
    "cut off": (Play(b"[1,2,3]", cut=3), BadAnswer),
    "cut off in a chunk": (Play(b"[1,2,3]", cut=5, chunked=True), BadAnswer),
    "not HTTP": (Play(raw=b"SSH-2.0-OpenSSH\r\n\r\n"), Unreachable),
    "false gzip": (Play(b"plain", headers={"Content-Encoding": "gzip"}), BadAnswer),
    "redirect": (Play(status=302, headers={"Location": "http://127.0.0.1/"}), BadAnswer),
    "too large": (Play(b"x" * 100_001), BadAnswer),
    "too large when unpacked": (
        Play(gzip.compress(b"x" * 100_001), headers={"Content-Encoding": "gzip"}),
        BadAnswer,
    ),
}


class TestTryingAgain:
    """Temporary failures."""

    @pytest.mark.parametrize("fault", FAILURES)
    def test_one_failure_is_not_seen(self, sender: SenderFactory, fault: str) -> None:
        """After one failure of any kind the next trial brings the answer."""
        manners = HASTY if fault == "hang" else QUICK
        with scripted(FAILURES[fault][0], FINE) as server:
            assert sender([server.url], manners=manners).send(PING).body == FINE.body
        assert len(server.asked) == 2

    @pytest.mark.parametrize("fault", FAILURES)
    def test_lasting_failures_end(self, sender: SenderFactory, fault: str) -> None:
        """A failure that lasts ends after the allowed attempts, as the right error."""
        play, kind = FAILURES[fault]
        manners = replace(HASTY if fault == "hang" else QUICK, retry=RetryPolicy(attempts=2))
        with scripted(play) as server, pytest.raises(kind) as caught:
            sender([server.url], manners=manners).send(PING)
        assert len(server.asked) == 2
        assert type(caught.value) is kind
        gave_nothing = "did not give /ping?symbol=BTCUSDT"
        what = "cannot be reached" if kind is Unreachable else gave_nothing
        assert f"Exchange {what} (127.0.0.1:" in str(caught.value)
        assert "EXCHANGE_URL" in str(caught.value)
        assert caught.value.__cause__ is not None

    def test_pauses_grow(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """The pauses double from the first one on."""
        with scripted(Play(status=500)) as server, pytest.raises(ServerFault):
            sender([server.url]).send(PING)
        assert clock.monotonic() == 0.5 + 1.0 + 2.0

    def test_deadline(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """No further trial begins when its pause would pass the deadline."""
        manners = replace(QUICK, retry=RetryPolicy(attempts=50, deadline=20, chance=lambda: 1.0))
        with scripted(Play(status=500)) as server, pytest.raises(ServerFault):
            sender([server.url], manners=manners).send(PING)
        assert clock.monotonic() <= 20
        assert len(server.asked) == 6

    def test_a_trickle_is_cut(self, sender: SenderFactory) -> None:
        """An answer that comes byte by byte for ever is given up."""
        manners = replace(HASTY, retry=RetryPolicy(attempts=1))
        with (
            scripted(Play(b"x" * 1000, trickle=0.05)) as server,
            pytest.raises(Unreachable, match="not complete"),
        ):
            sender([server.url], manners=manners, time=SystemClock()).send(PING)

    def test_a_reader_may_ask_again(self, sender: SenderFactory) -> None:
        """What a reader finds wrong with an answer is tried again too."""

        def read(answer: Answer) -> bytes:
            if answer.body != FINE.body:
                msg = "row 3 is upside down"
                raise BadAnswer(msg)
            return answer.body

        with scripted(Play(b"<html>", headers={"Content-Type": "text/html"}), FINE) as server:
            assert sender([server.url]).ask(PING, read) == FINE.body

    def test_waiting_can_be_ended(self, sender: SenderFactory) -> None:
        """What the clock's sleep raises ends the waiting and leaves nothing in flight."""

        class StoppedError(Exception):
            pass

        class Stopping(FrozenClock):
            def sleep(self, seconds: float) -> None:
                raise StoppedError(seconds)

        clock = Stopping(NOON_MS)
        budget = MinuteBudget(clock)
        with scripted(Play(status=500), FINE) as server:
            one = sender([server.url], time=clock, budget=budget)
            with pytest.raises(StoppedError):
                one.send(PING)
            assert one.send(PING).body == FINE.body


class TestHosts:
    """Several base URLs for one service."""

    @pytest.mark.parametrize("status", [500, 451, 403])
    def test_next_host(self, sender: SenderFactory, clock: FrozenClock, status: int) -> None:
        """When a host does not serve, the next one is asked at once, and first from then on."""
        with scripted(Play(status=status)) as bad, scripted(FINE) as good:
            one = sender([bad.url, good.url])
            one.send(PING)
            one.send(PING)
        assert (len(bad.asked), len(good.asked)) == (1, 2)
        assert clock.monotonic() == 0

    def test_unreachable_host(self, sender: SenderFactory) -> None:
        """A host where nobody listens is passed over; the list may be one text with commas."""
        with nobody() as dead, scripted(FINE) as good:
            one = sender(f"{dead}, {good.url}")
            assert one.send(PING).body == FINE.body

    def test_deadline_between_hosts(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """When slow hosts have used up the time, the remaining ones are not asked."""

        def slow(_: Asked) -> Play:
            clock.advance(40)
            return Play(status=500)

        patient = replace(QUICK, timeouts=replace(QUICK.timeouts, whole=100))
        with scripted(script=slow) as server:
            one = sender([server.url + path for path in ("/a", "/b", "/c")], manners=patient)
            with pytest.raises(ServerFault):
                one.send(PING)
        assert len(server.asked) == 2

    def test_all_blocked(self, sender: SenderFactory) -> None:
        """When every host refuses this address, that is final, and the message says what to do."""
        law = Play(b'{"code":0,"msg":"restricted location"}', status=451)
        with (
            scripted(law) as one,
            scripted(Play(b"<html>WAF</html>", status=403)) as two,
            pytest.raises(Blocked) as caught,
        ):
            sender([one.url, two.url]).send(PING)
        assert len(one.asked) == len(two.asked) == 1
        message = str(caught.value)
        assert "HTTP 451" in message
        assert "restricted location" in message
        assert "a web page" in message
        assert message.endswith("Use another host.")

    def test_one_blocked_one_down(self, sender: SenderFactory) -> None:
        """A host that is down may come back, so with one of them the failure is temporary."""
        with scripted(Play(status=451)) as one, nobody() as two, pytest.raises(Unreachable):
            sender([one.url, two]).send(PING)
        assert len(one.asked) == 4

    def test_offline_in_one_line(self, sender: SenderFactory) -> None:
        """Many hosts with one trouble make one short line."""
        with nobody() as a, nobody() as b, nobody() as c, pytest.raises(Unreachable) as caught:
            sender([a, b, c]).send(PING)
        message = str(caught.value)
        assert "and 2 other hosts: no connection" in message
        assert message.count("127.0.0.1") == 1
        assert "\n" not in message

    @pytest.mark.parametrize(
        "url", ["", "ftp://host", "host:80", "http://", "http://h/?a=1", "http://h:x", "::"]
    )
    def test_unusable_url(self, sender: SenderFactory, url: str) -> None:
        """A base URL that cannot be used is refused at the door, by the setting's name."""
        with pytest.raises(BadSetting, match="EXCHANGE_URL"):
            sender([url])


class TestRateLimits:
    """429 and 418: nothing is sent before the time."""

    @pytest.mark.parametrize("status", [429, 418])
    def test_waits_and_goes_on(
        self, sender: SenderFactory, clock: FrozenClock, status: int
    ) -> None:
        """A short Retry-After is waited out, and the request is sent again after it."""
        seen: list[int] = []

        def script(_: Asked) -> Play:
            seen.append(clock.now_ms())
            return Play(status=status, headers={"Retry-After": "7"}) if len(seen) == 1 else FINE

        with scripted(script=script) as server:
            assert sender([server.url]).send(PING).body == FINE.body
        assert 7000 <= seen[1] - seen[0] <= 8000

    def test_no_other_host(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """A limited request goes to no other host: they share the budget of this address."""
        limited = Play(status=429, headers={"Retry-After": "200"})
        with scripted(limited) as one, scripted(FINE) as two:
            with pytest.raises(RateLimited) as caught:
                sender([one.url, two.url]).send(PING)
            assert not two.asked
        assert caught.value.retry_after == 200
        assert "2023-11-14 22:17:20 UTC" in str(caught.value)
        assert clock.monotonic() == 0

    def test_frozen_for_all(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """Whoever shares the budget sends nothing before Retry-After has passed."""
        budget = MinuteBudget(clock)
        with scripted(Play(status=429, headers={"Retry-After": "300"}), FINE) as server:
            first = sender([server.url], budget=budget)
            with pytest.raises(RateLimited):
                first.send(PING)
            with pytest.raises(RateLimited, match="Try again after"):
                sender([server.url], budget=budget).send(PING)
            assert len(server.asked) == 1
            clock.advance(301)
            assert first.send(PING).body == FINE.body

    def test_patience(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """An interactive caller does not wait longer than it said, over all its trials."""
        limited = Play(status=429, headers={"Retry-After": "4"})
        manners = replace(QUICK, patience=6)
        with scripted(limited) as server, pytest.raises(RateLimited):
            sender([server.url], manners=manners).send(PING)
        assert len(server.asked) == 2
        assert clock.monotonic() <= 6

    def test_for_ever_limited(self, sender: SenderFactory) -> None:
        """A service that always says 429 is asked no more often than the attempts allowed."""
        manners = replace(QUICK, patience=10_000)
        with scripted(Play(status=429)) as server, pytest.raises(RateLimited):
            sender([server.url], manners=manners).send(PING)
        assert len(server.asked) == 4

    def test_waiting_is_not_failing(self, sender: SenderFactory) -> None:
        """Time spent waiting for the budget does not count against the deadline of retries."""
        manners = replace(QUICK, retry=RetryPolicy(deadline=5, chance=lambda: 1.0))
        plays = (Play(status=429, headers={"Retry-After": "30"}), Play(status=500), FINE)
        with scripted(*plays) as server:
            assert sender([server.url], manners=manners).send(PING).body == FINE.body

    def test_used_weight_is_believed(self, sender: SenderFactory, clock: FrozenClock) -> None:
        """The exchange's own count of used weight corrects ours upwards."""
        budget = MinuteBudget(clock)
        with scripted(Play(headers={"X-Used": "4321"})) as server:
            sender([server.url], budget=budget).send(PING)
        assert budget.used() == 4321

    @pytest.mark.parametrize("text", ["", "-5", "1e3", "many", "99999999999999"])
    def test_odd_used_weight(self, sender: SenderFactory, clock: FrozenClock, text: str) -> None:
        """A used weight that is no sensible number is passed over."""
        budget = MinuteBudget(clock)
        with scripted(Play(headers={"X-Used": text})) as server:
            sender([server.url], budget=budget).send(PING)
        assert budget.used() == 1
