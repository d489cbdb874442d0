"""Apps that are served on loopback, for browsers and other clients in tests."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """Serve an app on a free port; yield the address."""
    server = make_server("127.0.0.1", 0, read_before_sent(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def read_before_sent(app: WSGIApplication) -> WSGIApplication:
    """Return an app whose bodies are read and closed before the server sends them.

    Werkzeug's server does not close the body, such as a static file, if the client resets the connection: a browser
    does when its page is closed.
    """

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with closing(ClosingIterator(app(environ, start_response))) as body:
            return [b"".join(body)]

    return respond
