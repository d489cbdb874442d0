"""Connections of one worker: waitress, with limits on what a slow or greedy client can occupy.

One thread reads requests and writes responses of all connections; threads of the app get complete requests only, and
never wait for a client. A client that is too slow is dropped:

- a request whose head or body takes too long is answered with 408;
- a response that is not read, or read too slowly, ends the connection;
- an address with too many connections loses the one that has waited longest for its client, idle ones last.

A streamed response pauses without a thread while its client has not read what was sent, and continues on a few threads
reserved for that, so that long exports do not delay other requests.
"""

from __future__ import annotations

import contextvars
import logging
import socket
import struct
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask

from search_api.http.errors import Problem
from search_api.http.parser import MAX_BODY, MAX_HEAD, Parser, refusal, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from peerscope.settings import Settings

#: Bytes of a response that wait for its client: above the first, a streamed one pauses, and below the second continues.
PAUSE_ABOVE, RESUME_BELOW = 262_144, 65_536
#: Kernel's send buffer of a connection in bytes: what a client leaves unread costs at most twice that.
SEND_BUFFER = 262_144
#: Bytes per second that a client must read on average.
SLOWEST = 1_000
#: Threads that continue paused responses.
STREAMING_THREADS = 2
#: Seconds for which an idle connection is kept open; while the worker stops, for a request already on its way.
IDLE, STOPPING_IDLE = 30.0, 2.0
#: Of a refused request, how much is still read so that its client can read the response: bytes, seconds.
REST, LINGER = 4_000_000, 2.0
#: Connections of a worker. The files that are open at once are limited to three times as many.
MAX_CONNECTIONS = 1_000
#: Seconds without a finished request, while others wait for a thread, after which a worker counts as hung.
HUNG_AFTER = 60.0

_CHANNEL, _BODY = "peerscope.channel", "peerscope.body"


@dataclass(frozen=True)
class Limits:
    """What a client may occupy: seconds for a request's head, for its body, without reading; connections."""

    head: float
    body: float
    send: float
    per_address: int

    @classmethod
    def from_settings(cls, settings: Settings) -> Limits:
        """Return the limits; behind a proxy all connections have its address, so it must limit them."""
        per_address = MAX_CONNECTIONS if settings.proxies else settings.connections_per_address
        return cls(settings.head_timeout, settings.body_timeout, settings.send_timeout, per_address)


class Paused(BaseException):
    """The client has not read enough of a streamed response; the task continues later. This is not an error."""


class Body:
    """The body of a response; iterating over it raises Paused while too much of it waits for the client.

    It runs in a separate context, because another thread may continue it.
    """

    def __init__(self, channel: Channel, context: contextvars.Context, chunks: Iterable[bytes]) -> None:
        self._channel, self._context, self._chunks = channel, context, chunks
        self._iterator = iter(chunks)
        self._paused = self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self._paused = self._channel.total_outbufs_len > PAUSE_ABOVE
        if self._paused:
            raise Paused
        chunk: bytes = self._context.run(next, self._iterator)
        return chunk

    def close(self) -> None:
        """Close the body unless it is paused: waitress closes it whenever an iteration ends."""
        if not self._paused:
            self.finish()

    def finish(self) -> None:
        """Close the body."""
        if not self._closed and (close := getattr(self._chunks, "close", None)):
            self._context.run(close)
        self._closed = True


def resumable(app: Callable[..., Iterable[bytes]]) -> Callable[..., Body]:
    """Return the app with bodies that can pause. Called again for a paused request, it returns the rest of its body."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Body:
        if _BODY not in environ:
            context = contextvars.copy_context()
            chunks = context.run(app, environ, start_response)
            environ[_BODY] = Body(environ[_CHANNEL], context, chunks)
        body: Body = environ[_BODY]
        return body

    return application


class Task(WSGITask):  # type: ignore[misc]  # waitress has no type information
    """One request and its response."""

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environment."""
        environ: dict[str, Any] = super().get_environment()
        environ[_CHANNEL] = self.channel
        return environ

    def build_response_header(self) -> bytes:
        """Return the head; while the worker stops, it announces that the connection closes."""
        if self.channel.server.is_stopping:
            self.set_close_on_finish()
        head: bytes = super().build_response_header()
        return head


class Refusal(ErrorTask):  # type: ignore[misc]
    """The response to a malformed request, as problem details."""

    def execute(self) -> None:
        """Write the response."""
        self.wrote_header = self.close_on_finish = True
        self.channel.refused = True
        self.channel.write_soon(written(refusal(self.request.error)))


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection."""

    parser_class = Parser
    error_task_class = Refusal
    server: ConnectionServer

    def __init__(self, server: ConnectionServer, *args: Any, **kwargs: Any) -> None:
        self.refused = self.paused = False
        self.lingers_until: float | None = None
        self._rest = REST
        self._task: Task | None = None
        #: When the current request began, and when the client last moved.
        self.began = self.moved = time.monotonic()
        self._sent, self._sent_before, self._measured_at = 0, 0, self.began
        self.is_new = True
        super().__init__(server, *args, **kwargs)
        server.opened(self)

    # What the client does

    def received(self, data: bytes) -> bool:
        """Note when a request begins, and pass its bytes to the parser."""
        self.moved = time.monotonic()
        if self.request is None:
            self.began = self.moved
        self.is_new = False
        more: bool = super().received(data)
        return more

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send some bytes; return how many the kernel took."""
        count: int = super().send(data, do_close=do_close)
        if count:
            self._sent += count
            self.moved = time.monotonic()
        return count

    @property
    def is_served(self) -> bool:
        """Whether a thread works on a request or one waits for a thread, so that nothing depends on the client."""
        return bool(self.requests) and not self.paused

    @property
    def is_idle(self) -> bool:
        """Whether the client has read a response, and has begun no other request."""
        return not self.is_new and self.request is None and not self.requests and not self.total_outbufs_len

    @property
    def waiting_since(self) -> float:
        """When this connection began to wait for its client."""
        return self.began if self.request is not None else self.moved

    # What the loop does with it

    def readable(self) -> bool:
        """Return whether to wait for bytes of the client."""
        return self.lingers_until is not None or bool(super().readable())

    def writable(self) -> bool:
        """Return whether to wait until the client takes bytes."""
        return self.lingers_until is None and bool(self.paused or super().writable())

    def handle_read(self) -> None:
        """Read a request, or the rest of a refused one."""
        if self.lingers_until is None:
            super().handle_read()
            return
        with suppress(OSError):
            self._rest -= len(self.recv(65_536))
        if self._rest < 0:
            self.server.close_soon(self)

    def handle_write(self) -> None:
        """Send what waits for the client, and continue a paused response when little is left."""
        if self.refused and self.close_when_flushed and not self.will_close:
            self._flush_exception(self._flush_some)
            if not self.total_outbufs_len:
                self._linger()
            return
        super().handle_write()
        if self.paused and self.connected and self.total_outbufs_len < RESUME_BELOW:
            self._resume()

    def handle_close(self) -> None:
        """Close the connection, and the body of a paused response."""
        super().handle_close()
        if self.paused:
            self._resume()

    def _resume(self) -> None:
        self.paused = False
        self.server.streaming.add_task(self)

    def _linger(self) -> None:
        """Stop sending but go on reading: closing a connection with unread bytes would lose the response."""
        self.close_when_flushed = False
        self.lingers_until = time.monotonic() + LINGER
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def del_channel(self, map: Any = None) -> None:  # noqa: A002 (waitress' name)
        """Remove the connection from the loop and the count of its address."""
        self.server.closed(self)
        super().del_channel(map)

    def check(self, now: float, limits: Limits) -> None:
        """Drop the connection if its client is too slow; called every second."""
        if not self.total_outbufs_len:
            self._sent_before, self._measured_at = self._sent, now
        if self.lingers_until is not None:
            if now > self.lingers_until:
                self.server.close_soon(self)
        elif self.total_outbufs_len:
            self._check_reader(now, limits)
        elif self.is_served or self.will_close:
            return
        elif self.request is not None:
            reads_body = self.request.headers_finished
            if now - self.began > limits.head + (limits.body if reads_body else 0):
                self.refuse(Problem(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive."))
        elif now - self.moved > (limits.head if self.is_new else STOPPING_IDLE if self.server.is_stopping else IDLE):
            self.server.close_soon(self)

    def _check_reader(self, now: float, limits: Limits) -> None:
        """Drop a client that reads slower than `SLOWEST`, measured while something waits for it."""
        if now - self.moved > limits.send:
            self.drop()
        elif now - self._measured_at > limits.send:
            if self._sent - self._sent_before < SLOWEST * limits.send:
                self.drop()
            self._sent_before, self._measured_at = self._sent, now

    def drop(self) -> None:
        """Reset the connection, so that the kernel keeps nothing of what the client did not read."""
        with suppress(OSError, AttributeError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.close_soon(self)

    def refuse(self, problem: Problem) -> None:
        """Answer with a problem instead of reading on."""
        with self.requests_lock:
            if self.requests:
                return
            self.refused = True
        self.write_soon(written(problem))
        self.close_when_flushed = True

    # What threads of the app do

    def task_class(self, channel: Channel, request: Parser) -> Task:
        """Return the task of a request, the same one when it continues."""
        if self._task is None or self._task.request is not request:
            self._task = Task(channel, request)
        return self._task

    def service(self) -> None:
        """Handle a request, or the rest of a paused response."""
        task = None if self.requests[0].error else self.task_class(self, self.requests[0])
        try:
            super().service()
        except Paused:
            self.paused = True
            self.server.pull_trigger()
            return
        finally:
            self.server.progress = self.moved = time.monotonic()
        # From here on, another thread may handle the next request of this connection.
        if task and task.environ and _BODY in task.environ:
            task.environ[_BODY].finish()


class ConnectionServer(TcpWSGIServer):  # type: ignore[misc]
    """Serves the connections that a worker accepts from a listening socket."""

    channel_class = Channel

    def __init__(self, app: Any, listener: socket.socket, threads: int, limits: Limits) -> None:
        self.limits = limits
        self.is_stopping = False
        self.progress = time.monotonic()
        self._by_address: dict[str, set[Channel]] = defaultdict(set)
        self._to_close: list[Channel] = []
        self.streaming = ThreadedTaskDispatcher()
        self.streaming.set_thread_count(STREAMING_THREADS)
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns whenever a request waits for a thread
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(threads)
        adjustments = Adjustments(
            ident=None,
            connection_limit=3 * MAX_CONNECTIONS,
            cleanup_interval=1,
            max_request_header_size=MAX_HEAD,
            max_request_body_size=MAX_BODY + 1,
            clear_untrusted_proxy_headers=False,
            log_socket_errors=False,
        )
        sockinfo = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(
            resumable(app), {}, _sock=listener, dispatcher=dispatcher, adj=adjustments, sockinfo=sockinfo,
            bind_socket=False,
        )  # fmt: skip

    def set_socket_options(self, conn: socket.socket) -> None:
        """Limit what the kernel keeps for a client that does not read."""
        super().set_socket_options(conn)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def opened(self, channel: Channel) -> None:
        """Count a new connection; beyond a limit, close the one that has waited longest for its client.

        Only those that wait for their clients count for an address: if requests that wait for a thread did too, each
        new connection would soon be the only one that can be closed.
        """
        same_address = self._by_address[channel.addr[0]]
        same_address.add(channel)
        if len(same_address) > self.limits.per_address:
            waiting = self._waiting(channel, same_address)
            if len(waiting) >= self.limits.per_address:
                self._drop_one(waiting)
        if len(self.active_channels) - len(self._to_close) > MAX_CONNECTIONS:
            self._make_room(channel)

    def _waiting(self, channel: Channel, others: Iterable[Channel]) -> list[Channel]:
        return [one for one in others if not (one is channel or one.is_served or one in self._to_close)]

    @staticmethod
    def _drop_one(waiting: list[Channel]) -> None:
        min(waiting, key=lambda one: (one.is_idle, one.waiting_since)).drop()

    def _make_room(self, channel: Channel) -> None:
        if waiting := self._waiting(channel, self.active_channels.values()):
            self._drop_one(waiting)
        else:
            detail = "There are too many connections."
            channel.refuse(Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": "1"}))

    def close_soon(self, channel: Channel) -> None:
        """Close a connection after this turn of the loop, which may still know its file descriptor."""
        self._to_close.append(channel)

    def closed(self, channel: Channel) -> None:
        """Forget a connection."""
        address = getattr(channel, "addr", None)
        if address and (same_address := self._by_address.get(address[0])):
            same_address.discard(channel)
            if not same_address:
                del self._by_address[address[0]]

    def maintenance(self, now: float) -> None:  # noqa: ARG002 (waitress' clock can be set back)
        """Check every connection."""
        current = time.monotonic()
        for channel in list(self.active_channels.values()):
            channel.check(current, self.limits)

    def handle_close(self) -> None:
        """Stop accepting when the master process has shut the listening socket down."""
        self.stop_accepting()

    def stop_accepting(self) -> None:
        """Accept no more connections, and close every other one after its response."""
        self.is_stopping, self.accepting = True, False
        if self._fileno in self._map:
            self.del_channel(self._map)

    @property
    def is_busy(self) -> bool:
        """Whether a connection is open; a stopping worker waits for their end."""
        return bool(self.active_channels)

    @property
    def is_hung(self) -> bool:
        """Whether requests wait for a thread and none was finished for long."""
        return bool(self.task_dispatcher.queue) and time.monotonic() - self.progress > HUNG_AFTER

    def poll(self, timeout: float) -> None:
        """Handle what connections have sent or can take; wait for it for at most `timeout` seconds."""
        self.asyncore.poll2(timeout, self._map)
        if not self.accepting:  # else done by the loop itself
            self.maintenance(0)
        while self._to_close:
            channel = self._to_close.pop()
            if channel.connected:
                channel.handle_close()
