"""The web side: the page, the REST interface under `/api/v1`, and a server to run them on.

Views translate and answer; what they need they ask of a `CandleSource`, and nothing here talks
to an exchange or to a database.
"""

from chandlery.web.factory import create_app
from chandlery.web.serving.server import Server
from chandlery.web.source import CandleSource

__all__ = ["CandleSource", "Server", "create_app"]
