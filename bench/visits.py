"""How soon a browser shows the page: by the frames that Chromium says it has drawn.

No driver is attached, which would run scripts of its own among those of the page: a visit is asked
for over the DevTools protocol, and what came of it is read when it is over. A visit is that of a
browser that stands open: an empty tab, into which somebody types the address.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from websockets.sync.client import ClientConnection, connect

from bench.browsing import FLAGS, GIVEN, MARK, chromium_path
from bench.processes import Failed, running, seconds_until

_HEADLESS: Final = ("--headless=new", "--remote-debugging-port=0", "--window-size=1440,900")
_SETTLED_S: Final = 1.5
"""A tab is opened, and the one before it closed, before somebody types an address into it."""
_VISIT_S: Final = 1.5
_ENTRIES: Final = "JSON.stringify(performance.getEntries().map(one => [one.name, one.startTime]))"
_CATEGORIES: Final = ("blink.user_timing", "disabled-by-default-devtools.timeline.frame")
_Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """Milliseconds from the navigation."""

    paint: float
    """Until the first text or picture."""
    given: float
    """Until the chart had its candles."""
    shown: float
    """Until the frame that shows them was drawn."""


class Tabs:
    """A running Chromium, one tab after the other."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._events: list[_Event] = []

    def visit(self, url: str, *, new: bool) -> Visit:
        """Open the page in a tab of its own; `new`: by a browser that has nothing of it yet."""
        target = self._call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        tab = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        if new:
            self._call("Network.clearBrowserCache", tab)
            origin = url.rstrip("/")
            self._call("Storage.clearDataForOrigin", tab, origin=origin, storageTypes="all")
        self._call("Page.enable", tab)
        self._call("Page.addScriptToEvaluateOnNewDocument", tab, source=MARK)
        time.sleep(_SETTLED_S)
        self._call("Tracing.start", traceConfig={"includedCategories": _CATEGORIES})
        self._call("Page.navigate", tab, url=url)
        time.sleep(_VISIT_S)
        told = self._call("Runtime.evaluate", tab, expression=_ENTRIES)["result"]["value"]
        frames = self._traced()
        self._call("Target.closeTarget", targetId=target)
        entries = dict(json.loads(told))
        if GIVEN not in entries:
            raise Failed(f"{url} shows no chart within {_VISIT_S} s")
        given = float(entries[GIVEN])
        return Visit(float(entries["first-contentful-paint"]), given, given + _until_shown(frames))

    def _traced(self) -> list[_Event]:
        self._events.clear()
        self._call("Tracing.end")
        while self._events[-1:] != [{}]:
            self._heard()
        return self._events[:-1]

    def _call(self, method: str, session: str | None = None, **params: object) -> dict[str, Any]:
        number = next(self._numbers)
        asked = {"id": number, "method": method, "params": params}
        self._socket.send(json.dumps(asked | ({"sessionId": session} if session else {})))
        while (answer := self._heard()).get("id") != number:
            pass
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']['message']}")
        return dict(answer["result"])

    def _heard(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv(timeout=60))
        if message.get("method") == "Tracing.dataCollected":
            self._events += message["params"]["value"]
        elif message.get("method") == "Tracing.tracingComplete":
            self._events.append({})
        return message


def _until_shown(events: list[_Event]) -> float:
    """Milliseconds from the mark until a frame that was begun after it has been drawn."""
    [mark] = (one for one in events if one["name"] == GIVEN)
    ours = sorted(
        (one for one in events if one["pid"] == mark["pid"] and one["ts"] > mark["ts"]),
        key=lambda one: float(one["ts"]),
    )
    left = iter(ours)
    begun = _next(left, "BeginMainThreadFrame")["args"]["data"]["frameId"]
    while _next(left, "ActivateLayerTree")["args"]["frameId"] < begun:
        pass
    return float(_next(left, "DrawFrame")["ts"] - mark["ts"]) / 1000


def _next(events: Iterator[_Event], name: str) -> _Event:
    for one in events:
        if one["name"] == name:
            return one
    raise Failed(f"Chromium tells of no {name} after the chart had its candles")


@contextmanager
def tabs() -> Iterator[Tabs]:
    """The machine's Chromium without a window, with a profile of its own."""
    with tempfile.TemporaryDirectory() as profile:
        told = Path(profile, "DevToolsActivePort")
        command = (chromium_path(), *FLAGS, *_HEADLESS, f"--user-data-dir={profile}", "about:blank")
        with running(command, Path(profile)) as process:
            seconds_until(process, time.perf_counter(), lambda: "\n" in _text(told))
            port, path = told.read_text().splitlines()
            with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as socket:
                yield Tabs(socket)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
