"""Live events over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from flask import Response, current_app, request
from werkzeug.exceptions import ServiceUnavailable

from chandlery.candles.series import Series
from chandlery.collect.live.hub import HubClosed, LiveHub
from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.api.shared import blueprint
from chandlery.web.errors import NotKept
from chandlery.web.queries.events import EventsQuery
from chandlery.web.serving.event_stream import TAKE_OVER, EventStream
from chandlery.web.source import CandleSource, current_source, kept_series

PAGES_MAX: Final = 512
"""Open pages; each has a socket, of which a process may have some thousand."""
_RETRY_SECONDS: Final = 60
_EVENTS: Final = "text/event-stream"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold events back to send them together
}

events_api = blueprint("events", "Events", "Candles as they move.")


@events_api.get("/events", responses={"200": {"content": {_EVENTS: {}}}, "404": ErrorAnswer})
def events(query: EventsQuery) -> Response:
    """Candles as they move, and how things stand, as server-sent events that do not end.

    Each event has one line of JSON. `hello` comes first, with the state of each series; `candle`
    is one candle as it stands now; `state` says whether the exchange's stream tells it (`live`),
    or the exchange is asked every few seconds (`polling`), or neither works (`unreachable`);
    `kept` says that the store has new candles of a series; `beat` comes every 15 seconds. With
    `Last-Event-ID`, or `after`, all that was said since then comes, less the states of forming
    candles that newer ones have replaced; when that is not possible any more `lost` says so, and
    the candles must be read anew. Candles of a stream are hints: `/candles` has what counts.
    """
    _check(current_source(), query.series)
    if request.method == "HEAD":
        return _answer(())
    stream = _stream(query)
    take_over = request.environ.get(TAKE_OVER)
    if take_over is None:
        return _answer(stream)
    take_over(stream)
    return _answer(())


def _answer(body: Iterable[bytes]) -> Response:
    # An iterator, for Flask gives a sequence the Content-Length that it has.
    passing = isinstance(body, EventStream)
    response = Response(body if passing else iter(body), content_type=_EVENTS, headers=_HEADERS)
    response.direct_passthrough = passing
    return response


def _stream(query: EventsQuery) -> EventStream:
    hub = cast("LiveHub", current_app.extensions["hub"])
    if hub.readers >= PAGES_MAX:
        msg = f"{PAGES_MAX} pages are open already. Ask for /api/v1/candles every few seconds."
        raise ServiceUnavailable(msg, retry_after=_RETRY_SECONDS)
    # A browser that connects anew by itself sends the header, and still the first address.
    after = request.headers.get("Last-Event-ID") or query.after
    try:
        return EventStream(hub.subscribe(query.series, after))
    except HubClosed as error:
        msg = "The server is about to end."
        raise ServiceUnavailable(msg, retry_after=_RETRY_SECONDS) from error


def _check(source: CandleSource, asked: Iterable[Series]) -> None:
    """Raises `NotKept` for a series of whose symbol nothing is kept."""
    held = {(line.series.exchange, line.series.symbol) for line in source.catalogue()}
    for series in asked:
        # Filling in wildcards takes its time, and what is stored need not be wanted.
        if (series.exchange, series.symbol) not in held:
            kept = kept_series(source)
            if not any((series.exchange, series.symbol) == (k.exchange, k.symbol) for k in kept):
                raise NotKept(series, kept)
