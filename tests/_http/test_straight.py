"""What the straight way relies on is so in the installed aiohttp; if not, read what has changed."""

import asyncio
import gc
import re
import socket
import types
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp.http_exceptions import LineTooLong
from hostile import HostileServer, reply, silence, then_hang_up
from trust import serving, trusting
from yarl import URL

from publora_async._http import straight
from publora_async._http.dns import DaemonDns
from publora_async._http.straight import (
    SERVER_SOFTWARE,
    Connector,
    ContentEncodingError,
    HttpProcessingError,
    is_sent,
    let_go,
    loop_of,
    target_of,
)

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
NO_LIMIT = aiohttp.ClientTimeout()


@pytest.fixture
async def connector() -> AsyncIterator[aiohttp.TCPConnector]:
    connector = aiohttp.TCPConnector(limit=0)
    yield connector
    await connector.close()


def target(origin: str) -> aiohttp.ClientRequest:
    return target_of(URL(origin), {"User-Agent": "of ours"}, ssl=True, proxy=None)


async def connected(connector: aiohttp.TCPConnector, to: aiohttp.ClientRequest) -> Any:  # noqa: ANN401  # not aiohttp's
    return await connector.connect(to, [], NO_LIMIT)


def ask(connection: Any) -> Any:  # noqa: ANN401  # as above
    """Send a request, and give the protocol that reads its response."""
    connection.protocol.set_response_params(
        read_until_eof=True, read_timeout=None, timeout_ceil_threshold=5
    )
    connection.protocol.transport.write(REQUEST)
    return connection.protocol


def test_each_thing_that_is_relied_on_names_its_test() -> None:
    named = re.findall(r"``(test_\w+)``", straight.__doc__ or "")
    assert len(named) == (straight.__doc__ or "").count("\n* ")
    assert named == [name for name in globals() if name in named]


async def test_a_request_that_no_session_made_serves_every_connection(
    connector: aiohttp.TCPConnector,
) -> None:
    with HostileServer(reply()) as server:
        to = target(server.origin)
        first = await connected(connector, to)
        protocol = ask(first)
        _, body = await protocol.read()
        await body.read()
        first.release()
        again, another = await connected(connector, to), await connected(connector, to)
        assert again.protocol is protocol
        assert another.protocol is not protocol
        again.close()
        another.close()


async def test_a_connection_that_takes_too_long_is_a_plain_timeout(
    connector: aiohttp.TCPConnector,
) -> None:
    limit = aiohttp.ClientTimeout(connect=0.01, ceil_threshold=5)
    with HostileServer(silence) as server:
        to = target(server.origin.replace("http:", "https:"))
        with pytest.raises(TimeoutError) as caught:
            await connector.connect(to, [], limit)
    assert type(caught.value) is TimeoutError


async def test_a_request_that_no_session_made_knows_the_headers_that_all_share() -> None:
    headers = dict(target("http://localhost:8787").headers)
    encodings = headers.pop("Accept-Encoding")
    assert headers == {"Host": "localhost:8787", "User-Agent": "of ours"}
    assert "gzip" in encodings


async def test_a_protocol_reads_each_response_head_and_its_body(
    connector: aiohttp.TCPConnector,
) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    with HostileServer(early + reply(b"whole", headers={"X-Of": "theirs"})) as server:
        connection = await connected(connector, target(server.origin))
        protocol = ask(connection)
        head, _ = await protocol.read()
        assert (head.code, head.headers["link"]) == (103, "a")
        head, body = await protocol.read()
        assert (head.code, head.headers["x-of"]) == (200, "theirs")
        assert await body.read() == b"whole"
        connection.release()


async def test_the_read_timeout_runs_from_start_timeout(connector: aiohttp.TCPConnector) -> None:
    with HostileServer(silence) as server:
        connection = await connected(connector, target(server.origin))
        protocol = connection.protocol
        protocol.set_response_params(
            read_until_eof=True, read_timeout=0.01, timeout_ceil_threshold=5
        )
        protocol.transport.write(REQUEST)
        protocol.start_timeout()
        with pytest.raises(aiohttp.SocketTimeoutError):
            await protocol.read()
        connection.close()


@pytest.mark.parametrize(
    ("answer", "is_read", "late", "should_close"),
    [
        (reply(), True, b"", False),
        (reply(b"x" * 2**20), False, b"", True),
        (reply() + reply(), True, b"", True),
        (reply(), True, reply(), True),
        (reply(), True, b"swordfish\r\n\r\n", True),
        (reply(headers={"Connection": "close"}), True, b"", True),
    ],
    ids=["all is read", "unread", "two responses", "a late one", "late bytes", "closing"],
)
async def test_a_protocol_knows_when_its_connection_must_not_serve_again(
    answer: bytes,
    is_read: bool,  # noqa: FBT001  # a table column
    late: bytes,
    should_close: bool,  # noqa: FBT001
    connector: aiohttp.TCPConnector,
) -> None:
    with HostileServer(answer) as server:
        connection = await connected(connector, target(server.origin))
        protocol = ask(connection)
        _, body = await protocol.read()
        if is_read:
            await body.read()
        protocol.data_received(late)
        assert protocol.should_close == should_close
        connection.close()


async def test_a_dropped_connector_of_ours_closes_nothing() -> None:
    with HostileServer(reply()) as server:
        connector: Connector | None = Connector()
        assert connector is not None
        connection = await connected(connector, target(server.origin))
        protocol = ask(connection)
        _, body = await protocol.read()
        await body.read()
        connection.release()
        del connector, connection
        gc.collect()
        assert protocol.is_connected()
        closed = protocol.closed
        protocol.close()
        await closed


async def test_the_resolver_asks_its_loop_for_names_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in: Any = DaemonDns()
    resolver = aiohttp.ThreadedResolver(stand_in)
    (found,) = await resolver.resolve("127.0.0.1", 80)
    assert (found["host"], found["port"]) == ("127.0.0.1", 80)
    local = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 80, 0, 1))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [local])
    monkeypatch.setattr(socket, "getnameinfo", lambda *_: ("fe80::1%lo", "80"))
    (found,) = await resolver.resolve("a.local", 80, family=socket.AF_INET6)
    assert (found["host"], found["port"]) == ("fe80::1%lo", 80)


async def test_a_patched_session_is_told_from_aiohttps_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = aiohttp.ClientSession._request
    assert type(own) is types.FunctionType
    assert own.__globals__ is vars(aiohttp.client)
    seen: list[str] = []

    async def request(_: aiohttp.ClientSession, method: str, *__: object, **___: object) -> None:
        seen.append(method)

    monkeypatch.setattr(aiohttp.ClientSession, "_request", request)
    async with aiohttp.ClientSession() as session:
        await session.request("GET", "http://localhost")
    assert seen == ["GET"]


async def test_a_request_has_a_response_once_it_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    async def watch(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        seen.append(is_sent(request))
        try:
            return await handler(request)
        finally:
            seen.append(is_sent(request))

    with HostileServer(reply()) as server:
        async with aiohttp.ClientSession(middlewares=[watch]) as session:
            await (await session.get(server.origin)).read()
    async with aiohttp.ClientSession(middlewares=[watch]) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(server.origin)
    assert seen == [False, True, False, False]
    monkeypatch.delattr(aiohttp.ClientRequest, "response")
    assert is_sent(target("http://localhost"))


async def test_bytes_that_are_not_http_are_a_processing_error(
    connector: aiohttp.TCPConnector,
) -> None:
    with HostileServer(b"swordfish\r\n\r\n") as server:
        connection = await connected(connector, target(server.origin))
        with pytest.raises(HttpProcessingError):
            await ask(connection).read()
        connection.close()


async def test_broken_compression_is_the_cause_of_a_payload_error(
    connector: aiohttp.TCPConnector,
) -> None:
    with HostileServer(reply(b"swordfish", headers={"Content-Encoding": "gzip"})) as server:
        connection = await connected(connector, target(server.origin))
        _, body = await ask(connection).read()
        with pytest.raises(aiohttp.ClientPayloadError) as caught:
            await body.read()
        connection.close()
    assert isinstance(caught.value.__cause__, ContentEncodingError)


async def test_server_software_is_the_user_agent_of_aiohttp() -> None:
    loop = asyncio.get_running_loop()
    headers = aiohttp.ClientRequest("GET", URL("http://localhost"), loop=loop).headers
    assert headers["User-Agent"] == SERVER_SOFTWARE


@pytest.mark.parametrize(
    ("head", "cause", "words"),
    [
        (b"HTTP/1.1 200 OK\r\na: " + b"x" * 100 + b"\r\n\r\n", LineTooLong, "more than 50"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 5 + b"\r\n", Exception, "Too many headers"),
    ],
    ids=["line", "headers"],
)
async def test_what_is_too_long_is_the_cause_of_a_processing_error(
    head: bytes, cause: type[Exception], words: str, connector: aiohttp.TCPConnector
) -> None:
    with HostileServer(head) as server:
        connection: Any = await connected(connector, target(server.origin))
        connection.protocol.set_response_params(max_line_size=50, max_field_size=50, max_headers=4)
        connection.protocol.transport.write(REQUEST)
        with pytest.raises(HttpProcessingError) as caught:
            await connection.protocol.read()
        connection.close()
    assert isinstance(caught.value.__cause__, cause)
    assert words in caught.value.__cause__.message  # type: ignore[attr-defined]  # as its kind has


async def test_the_classes_of_a_session_are_asked_to_send_and_to_start() -> None:
    seen: list[str] = []

    class Asked(aiohttp.ClientRequest):
        async def send(self, conn: Any) -> aiohttp.ClientResponse:  # noqa: ANN401  # aiohttp's
            seen.append("send")
            return await super().send(conn)

    class Answered(aiohttp.ClientResponse):
        async def start(self, connection: Any) -> aiohttp.ClientResponse:  # noqa: ANN401  # aiohttp's
            seen.append("start")
            return await super().start(connection)

    with HostileServer(reply()) as server:
        async with aiohttp.ClientSession(request_class=Asked, response_class=Answered) as session:
            await (await session.get(server.origin)).read()
    assert seen == ["send", "start"]


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("polls", [True, False])
async def test_what_lies_in_the_systems_buffer_is_seen(
    polls: bool,  # noqa: FBT001  # a table column
    tls: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not polls:
        monkeypatch.delattr("select.poll")
    connector = Connector()
    with HostileServer(then_hang_up(reply()), tls=serving() if tls else None) as server:
        to = target_of(URL(server.origin), {}, ssl=trusting() if tls else True, proxy=None)
        first: Any = await connected(connector, to)
        _, body = await ask(first).read()
        await body.read()
        kept = first.protocol
        first.release()
        assert server.left.acquire(timeout=5)  # the loop reads nothing meanwhile
        second: Any = await connected(connector, to)
        assert second.protocol is not kept
        second.close()
    await connector.close()


async def test_where_descriptors_are_too_many_to_look_at_a_connection_is_taken_for_idle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def too_many(*_: object) -> None:
        raise ValueError("filedescriptor out of range in select()")

    connector = Connector()
    with HostileServer(reply()) as server:
        monkeypatch.delattr("select.poll")
        with monkeypatch.context() as patch:
            patch.setattr("select.select", too_many)
            connection = await connected(connector, target(server.origin))
        assert await asyncio.to_thread(server.accepted.acquire, timeout=5)
        connection.close()
    await connector.close()


@pytest.fixture
async def unfit(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Iterator[str | None]]:
    """Why each connector that is made from now on cannot send requests itself."""
    monkeypatch.setattr(aiohttp, "__version__", "3.14.99")
    made: list[Connector] = []

    def reasons() -> Iterator[str | None]:
        while True:
            made.append(Connector())
            yield made[-1].unfit

    yield reasons()
    for connector in made:
        await connector.close()


async def test_a_version_that_this_was_not_tested_with_is_not_relied_on(
    unfit: Iterator[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert next(unfit) is None
    monkeypatch.setattr(aiohttp, "__version__", "3.140.0")
    assert next(unfit) == "aiohttp 3.140.0 is not one that this was tested with (3.14.x)"


@pytest.mark.parametrize("name", straight.RELIED_ON)
async def test_a_version_that_lacks_what_is_relied_on_is_not_relied_on(
    name: str, unfit: Iterator[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert next(unfit) is None
    monkeypatch.setitem(straight.RELIED_ON, f"{name}s", frozenset())
    assert next(unfit) == f"aiohttp 3.14.99 has no {name}s"


@pytest.mark.parametrize(
    "name", [name for name, arguments in straight.RELIED_ON.items() if arguments]
)
async def test_a_version_that_takes_other_arguments_is_not_relied_on(
    name: str, unfit: Iterator[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert next(unfit) is None
    monkeypatch.setitem(straight.RELIED_ON, name, frozenset({"something_else"}))
    assert next(unfit) == f"aiohttp 3.14.99 has another {name}"


def test_a_connector_knows_its_loop() -> None:
    async def both() -> tuple[asyncio.AbstractEventLoop | None, asyncio.AbstractEventLoop]:
        connector = aiohttp.TCPConnector()
        await connector.close()
        return loop_of(connector), asyncio.get_running_loop()

    loop, running = asyncio.run(both())
    assert loop is running


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("in_use", [False, True], ids=["idle", "in use"])
def test_what_outlived_its_loop_is_closed_without_a_warning(
    in_use: bool,  # noqa: FBT001  # a table column
    secure: bool,  # noqa: FBT001
) -> None:
    answer = silence if in_use else reply()
    with HostileServer(answer, tls=serving() if secure else None) as server:
        url = server.base_url.replace("http:", "https:" if secure else "http:")

        async def use() -> aiohttp.BaseConnector:
            session = aiohttp.ClientSession(connector=Connector())
            call = asyncio.ensure_future(session.get(url, ssl=trusting()))
            if in_use:
                call._log_destroy_pending = False  # type: ignore[attr-defined]  # it is meant
                await asyncio.to_thread(server.asked.acquire)
            else:
                await (await call).read()
            connector = session.connector
            assert connector is not None
            session.detach()
            return connector

        loop = asyncio.new_event_loop()
        connector = loop.run_until_complete(use())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        let_go(connector)
        let_go(connector)
        assert server.is_left_alone()
        del connector
        gc.collect()
