"""An S3 server on loopback (moto), in a thread of this process, which can be made to fail."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wsgi import get_input_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    #: Returns the HTTP status with which a request fails, or None; receives its method, path and number.
    Fault = Callable[[str, str, int], int | None]

#: Error codes of S3 by HTTP status.
CODES = {403: "AccessDenied", 500: "InternalError", 503: "SlowDown"}


class S3Server:
    """Holds buckets in memory; a WSGI application around moto's."""

    def __init__(self) -> None:
        """Bind a free port; requests are served by a thread each after `start`."""
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=QuietHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self.url = f"http://127.0.0.1:{self._server.port}"
        #: Number of requests by method.
        self.requests: Counter[str] = Counter()

    def __enter__(self) -> S3Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serve a request, or fail as `failing` wishes."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        with self._lock:
            self.requests[method] += 1
            number = self.requests.total()
        status = self._fault(method, path, number) if self._fault else None
        if status is None:
            return self._app(environ, start_response)
        get_input_stream(environ).read()
        body = f"<Error><Code>{CODES[status]}</Code><Message>{CODES[status]} of the test</Message></Error>".encode()
        headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
        start_response(f"{status} {CODES[status]}", headers)
        return [] if method == "HEAD" else [body]

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        """Let requests fail during the block."""
        self._fault = fault
        try:
            yield
        finally:
            self._fault = None

    def create_bucket(self, name: str) -> str:
        """Create a bucket, and return the URL of a folder in it."""
        requests.put(f"{self.url}/{name}", timeout=10).raise_for_status()
        return f"s3://{name}/some/folder"

    def begin_upload(self, bucket: str, key: str) -> None:
        """Begin an upload in parts, and leave it."""
        requests.post(f"{self.url}/{bucket}/{key}?uploads", timeout=10).raise_for_status()

    def uploads(self, bucket: str) -> int:
        """Return the number of uploads in parts that are not complete."""
        return requests.get(f"{self.url}/{bucket}?uploads", timeout=10).text.count("<UploadId>")


class QuietHandler(MotoRequestHandler):
    """Logs nothing."""

    def log(self, *args: Any) -> None:
        """Ignore a message."""
