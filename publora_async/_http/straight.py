"""
Sends requests straight over the connections of aiohttp's connector, past its session.

This is the one module that relies on what aiohttp does not document. What that is, and which
test of ``tests/_http/test_straight.py`` fails when it goes:

* ``TCPConnector.connect(request, traces, timeout)`` gives a connection, an idle one before a new
  one, and takes a ``ClientRequest`` that no session made and that serves again and again:
  ``test_a_request_that_no_session_made_serves_every_connection``.
* ``connect`` raises a plain ``TimeoutError`` when ``ClientTimeout.connect`` runs out:
  ``test_a_connection_that_takes_too_long_is_a_plain_timeout``.
* ``ClientRequest(method, url, *, headers, skip_auto_headers, loop, ssl, proxy).headers`` are those
  given and those that every request to *url* has:
  ``test_a_request_that_no_session_made_knows_the_headers_that_all_share``.
* ``Connection.protocol`` is a ``ResponseHandler``; its ``transport`` takes the bytes of a request,
  and ``read()`` gives, one after the other, the head of each response with ``code`` and
  ``headers``, and its body: ``test_a_protocol_reads_each_response_head_and_its_body``.
* ``ResponseHandler.set_response_params(read_until_eof, read_timeout, timeout_ceil_threshold)``
  comes before the request, and ``start_timeout()`` after it:
  ``test_the_read_timeout_runs_from_start_timeout``.
* ``ResponseHandler.should_close`` is true where bytes have arrived unasked, or the body was not
  read to its end: ``test_a_protocol_knows_when_its_connection_must_not_serve_again``.
* ``BaseConnector.__del__`` closes what is open, and warns:
  ``test_a_dropped_connector_of_ours_closes_nothing``.
* ``ThreadedResolver`` asks its loop for ``getaddrinfo`` and ``getnameinfo`` alone:
  ``test_the_resolver_asks_its_loop_for_names_alone``.
* ``ClientSession._request``, which every request of a session goes through, is a function of
  ``aiohttp.client``: ``test_a_patched_session_is_told_from_aiohttps_own``.
* ``ClientRequest.response`` is ``None`` until the request was sent:
  ``test_a_request_has_a_response_once_it_was_sent``.
* ``http.HttpProcessingError`` is raised for bytes that are not HTTP:
  ``test_bytes_that_are_not_http_are_a_processing_error``.
* ``http_exceptions.ContentEncodingError`` is the cause of a ``ClientPayloadError`` where the
  compression is broken: ``test_broken_compression_is_the_cause_of_a_payload_error``.
* ``http.SERVER_SOFTWARE`` is the User-Agent of aiohttp's own requests:
  ``test_server_software_is_the_user_agent_of_aiohttp``.
* ``http_exceptions.LineTooLong`` is the cause of a processing error where a line is too long, and
  one whose message begins "Too many headers" where there are too many:
  ``test_what_is_too_long_is_the_cause_of_a_processing_error``.
* A session's ``request_class`` is asked to ``send(conn)`` on a connection, and its
  ``response_class`` to ``start(connection)``:
  ``test_the_classes_of_a_session_are_asked_to_send_and_to_start``.
* The connections of a loop tell their ``socket`` and ``sslcontext``; those of Windows' proactor
  have the read that they have begun as ``_read_fut``, whose ``_ov.pending`` ends with it:
  ``test_what_lies_in_the_systems_buffer_is_seen``.
* ``BaseConnector._loop`` is the loop that it was made in: ``test_a_connector_knows_its_loop``.
* ``BaseConnector._conns`` and ``_acquired`` hold the protocols of all that is open, idle or in use.
  asyncio's transports end in ``_call_connection_lost()``, which closes the socket; one with TLS has
  another below it, as ``_ssl_protocol._transport``; uvloop closes its own with the loop:
  ``test_what_outlived_its_loop_is_closed_without_a_warning``.
"""

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from inspect import signature
from operator import attrgetter
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.http import SERVER_SOFTWARE, HttpProcessingError
from aiohttp.http_exceptions import ContentEncodingError, LineTooLong

from publora_async._http.dns import DaemonDns
from publora_async._http.sockets import new_socket, probe_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from multidict import CIMultiDictProxy
    from yarl import URL

    from publora_async.errors import Stage

__all__ = [
    "MAX_HEADER",
    "MAX_HEADERS",
    "SERVER_SOFTWARE",
    "Connector",
    "ContentEncodingError",
    "EarlyBytesError",
    "FinalResponse",
    "HttpProcessingError",
    "LineTooLong",
    "Response",
    "SoleRequest",
    "Stages",
    "is_sent",
    "let_go",
    "loop_of",
    "target_of",
    "why_not",
]

TESTED: Final = ("3.14.",)
"""
The series that the tests were run with. Another one may have all names and still hand out a
connection with a late response on it, and thus another user's data.
"""

MAX_HEADER: Final = 64 * 1024
"""Bytes of a header, its name included, or of the reason in a response's first line."""

MAX_HEADERS: Final = 128
"""Headers of a response."""

RELIED_ON: Final[dict[str, frozenset[str]]] = {
    "ClientRequest.__init__": frozenset({"headers", "skip_auto_headers", "loop", "ssl", "proxy"}),
    "TCPConnector.connect": frozenset({"req", "traces", "timeout"}),
    "client_proto.ResponseHandler.read": frozenset(),
    "client_proto.ResponseHandler.set_response_params": frozenset(
        {
            *("read_until_eof", "read_timeout", "timeout_ceil_threshold"),
            *("max_line_size", "max_field_size", "max_headers"),
        }
    ),
    "client_proto.ResponseHandler.should_close": frozenset(),
    "client_proto.ResponseHandler.start_timeout": frozenset(),
    "connector.Connection.protocol": frozenset(),
}
"""Names in aiohttp, each with the arguments that are given to it."""


class Stages:
    """
    Remembers how far an attempt has come.

    Attributes:
        reached: The stage that has begun.
        status: The response's HTTP status code. ``None``: there is no response yet.
    """

    __slots__ = ("reached", "status")

    def __init__(self) -> None:
        self.reached: Stage = "connect"
        self.status: int | None = None


class Response(NamedTuple):
    """
    The head of a response, whose body is still to be read.

    Attributes:
        status: HTTP status code.
        headers: Its headers.
        content: Its body.
        connection: To be released. It serves again if all of *content* was read by then.
    """

    status: int
    headers: "CIMultiDictProxy[str]"
    content: aiohttp.StreamReader
    connection: "Connection | aiohttp.ClientResponse"


class EarlyBytesError(aiohttp.ClientConnectionError):
    """Something, or the end, arrived on a connection before the request was sent."""


class SoleRequest(aiohttp.ClientRequest):
    """A request of a session, sent only over a connection on which nothing has arrived unasked."""

    async def send(self, conn: "Connection") -> aiohttp.ClientResponse:
        """
        Send the request.

        Raises:
            EarlyBytesError: Something has arrived. Nothing was sent.
        """
        if conn.protocol is not None and conn.protocol.should_close:
            raise EarlyBytesError
        return await super().send(conn)


class FinalResponse(aiohttp.ClientResponse):
    """A response of a session, whose connection serves no other where it was no HTTP response."""

    async def start(self, connection: "Connection") -> aiohttp.ClientResponse:
        """Wait for the response's head."""
        protocol = connection.protocol
        response = await super().start(connection)
        if protocol is not None and self.status == 101:
            # It lies in the connector by now, which takes out none that is closed.
            protocol.close()
        return response


class Connector(aiohttp.TCPConnector):
    """
    aiohttp's connector, which can also send requests itself.

    Attributes:
        unfit: Why it cannot with the installed aiohttp. ``None``: it can.
    """

    def __init__(self) -> None:
        self.unfit: str | None = _why_unfit()
        # limit=0: the slots bound the connections, and waiting for one is not counted against
        # an attempt's time. An infinite threshold keeps timeouts unrounded.
        super().__init__(
            limit=0,
            timeout_ceil_threshold=math.inf,
            resolver=aiohttp.ThreadedResolver(DaemonDns()),  # type: ignore[arg-type]  # all it asks of a loop
            socket_factory=new_socket,
        )
        self._probes: WeakKeyDictionary[ResponseHandler, Callable[[], object]] = WeakKeyDictionary()

    # With the arguments of whatever aiohttp is installed, whose sessions call this, too.
    async def connect(self, *args: Any, **kwargs: Any) -> "Connection":  # noqa: ANN401
        """
        Give a connection on which nothing has arrived unasked.

        Raises:
            EarlyBytesError: Something has arrived on a new one, or it has ended.
        """
        while True:
            connection = await super().connect(*args, **kwargs)
            protocol: ResponseHandler = connection.protocol  # type: ignore[assignment]  # it is connected
            probe = self._probes.get(protocol)
            # The server may have closed a kept one while the program kept the loop busy: a request
            # that is written to it then is lost, and a write is not sent again.
            if not protocol.should_close and not (probe or self._first_probe(protocol))():
                return connection
            # A late response would pass for that to the next request: another user's data.
            connection.close()
            if probe is None:
                raise EarlyBytesError

    def _first_probe(self, protocol: "ResponseHandler") -> Callable[[], object]:
        transport = cast("asyncio.Transport", protocol.transport)
        probe = self._probes[protocol] = probe_of(transport)
        if transport.get_extra_info("sslcontext") is None:
            return probe
        return lambda: False  # what is there may well be TLS's own: session tickets come unasked

    async def send(
        self,
        target: aiohttp.ClientRequest,
        written: Callable[[], bytes],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # aiohttp keeps it
        stages: Stages,
    ) -> Response:
        """
        Send a request, and wait for the head of its response.

        Args:
            target: Tells where to connect to.
            written: Gives the bytes of the request.
            timeout: Its limits ``connect`` and ``sock_read`` are kept.
            stages: Is told when the connection stands.

        Raises:
            aiohttp.ClientError, HttpProcessingError, OSError: There is none.
        """
        try:
            connection = await self.connect(target, [], timeout)
        except TimeoutError:
            raise aiohttp.ConnectionTimeoutError from None
        stages.reached = "headers"
        try:
            protocol: ResponseHandler = connection.protocol  # type: ignore[assignment]  # it is connected
            transport: asyncio.Transport = protocol.transport  # type: ignore[assignment]  # it is connected
            protocol.set_response_params(
                read_until_eof=True,
                read_timeout=timeout.sock_read,
                timeout_ceil_threshold=math.inf,
                max_line_size=MAX_HEADER,
                max_field_size=MAX_HEADER,
                max_headers=MAX_HEADERS,
            )
            # At once: no frame that a traceback shows is to hold what has the key in it.
            transport.write(written())
            protocol.start_timeout()
            head, content = await protocol.read()
            while 100 <= head.code <= 199 and head.code != 101:  # there is more to come
                head, content = await protocol.read()
        except BaseException:
            connection.close()
            raise
        if head.code == 101:
            # Whatever comes now is another protocol's.
            protocol.force_close()
        return Response(head.code, head.headers, content, connection)

    def __del__(self, _: object = None) -> None:
        """Leave open what is open: it is the pool's business, or another process's."""


def target_of(
    url: "URL", headers: "Mapping[str, str]", *, ssl: "ssl.SSLContext | bool", proxy: "URL | None"
) -> aiohttp.ClientRequest:
    """
    Make the request that tells a connector where to connect to.

    Its headers are *headers* and those that aiohttp gives to every request.
    """
    return aiohttp.ClientRequest(
        "GET",
        url,
        headers=headers,
        skip_auto_headers=("Accept",),
        loop=asyncio.get_running_loop(),
        ssl=ssl,
        proxy=proxy,
    )


def why_not(session: aiohttp.ClientSession) -> str | None:
    """Say why requests must be sent by *session*; ``None``: they may go past it."""
    connector = session.connector
    if not isinstance(connector, Connector):
        return "the session is borrowed"
    if session.trace_configs:
        return "a tracer watches the session"
    # Looked up each time: aioresponses puts a function of its own there for a test's length.
    request = getattr(aiohttp.ClientSession, "_request", None)
    if type(request) is not FunctionType or request.__globals__ is not vars(aiohttp.client):
        return "aiohttp.ClientSession is patched"
    return connector.unfit


def is_sent(request: aiohttp.ClientRequest) -> bool:
    """Tell whether *request* may have been sent, also where aiohttp no longer says so."""
    return getattr(request, "response", request) is not None


def loop_of(connector: aiohttp.BaseConnector) -> asyncio.AbstractEventLoop | None:
    """Give the event loop that *connector* works in; ``None`` where it does not tell."""
    return getattr(connector, "_loop", None)


def let_go(connector: aiohttp.BaseConnector) -> None:
    """
    Close the sockets of *connector*, whose event loop is closed.

    Neither asyncio nor aiohttp does: they leave them open until they are collected, with a
    warning about each.
    """
    held: Any = connector
    idle = [protocol for kept in held._conns.values() for protocol, _ in kept]  # noqa: SLF001
    for protocol in (*idle, *held._acquired):  # noqa: SLF001
        if protocol.transport is not None:
            _abort(protocol.transport)


def _abort(transport: Any) -> None:  # noqa: ANN401  # a loop's own
    with suppress(RuntimeError):  # it would tell its protocol by the loop, which is closed
        transport.abort()
    below = getattr(getattr(transport, "_ssl_protocol", None), "_transport", transport)
    with suppress(AttributeError, OSError, RuntimeError):  # Windows' shuts the socket down, too
        below._call_connection_lost(None)  # noqa: SLF001


def _why_unfit() -> str | None:
    version = aiohttp.__version__
    if not version.startswith(TESTED):
        return f"aiohttp {version} is not one that this was tested with ({TESTED[-1]}x)"
    for name, arguments in RELIED_ON.items():
        try:
            found = attrgetter(name)(aiohttp)
        except AttributeError:
            return f"aiohttp {version} has no {name}"
        if arguments and not arguments <= signature(found).parameters.keys():
            return f"aiohttp {version} has another {name}"
    return None
