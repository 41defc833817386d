"""Keys and passwords stay out of everything that is shown."""

from __future__ import annotations

import pytest

from chandlery.errors import ServerFault, Temporary
from chandlery.transport.request import Request
from tests.transport.conftest import SenderFactory
from tests.transport.scripted import Play, scripted

PING = Request("/ping")
FINE = Play()


class TestSecrets:
    """In answers, errors and addresses."""

    SECRET = Request("/k", (("api_key", "S3CRET"), ("q", "1")), headers={"x-api-key": "S3CRET"})

    def test_answer_url(self, sender: SenderFactory) -> None:
        """The secret is sent, and the answer's URL does not show it."""
        with scripted(FINE) as server:
            answer = sender([server.url]).send(self.SECRET)
        assert server.asked[0].headers["x-api-key"] == "S3CRET"
        assert "api_key=S3CRET" in server.asked[0].target
        assert answer.url.endswith("/k?api_key=***&q=1")
        assert "S3CRET" not in repr(answer) + repr(answer.headers)

    @pytest.mark.parametrize("play", [Play(b"no S3CRET here", status=500), Play(reset=True)])
    def test_errors(self, sender: SenderFactory, play: Play) -> None:
        """No error shows the secret, even when the service repeats it."""
        with scripted(play) as server, pytest.raises(Temporary) as caught:
            sender([server.url]).send(self.SECRET)
        error: BaseException | None = caught.value
        while error is not None:
            assert "S3CRET" not in str(error)
            error = error.__cause__ or error.__context__

    def test_password_in_the_url(self, sender: SenderFactory) -> None:
        """User and password of a base URL become a header and are not shown."""
        with scripted(FINE, Play(status=500)) as server:
            url = server.url.replace("://", "://user:S3CRET@")
            one = sender([url])
            answer = one.send(PING)
            with pytest.raises(ServerFault) as caught:
                one.send(PING)
        assert server.asked[0].headers["authorization"] == "Basic dXNlcjpTM0NSRVQ="
        assert "S3CRET" not in answer.url + str(caught.value)
