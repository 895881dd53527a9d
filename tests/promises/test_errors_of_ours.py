"""What a public call raises is ours, whatever asyncio, aiohttp or the system comes up with."""

import asyncio
import threading
from typing import Any

import pytest
from asking import ClientOf, Serve, failure, listing
from conftest import KEY
from hostile import HostileServer, reply
from leftovers import everything_shown
from seams import draw_from

from publora_async import ConnectionList, TransportError
from publora_sync import Publora


def many(publora: Any) -> Any:  # noqa: ANN401  # either colour
    """Ask about two users."""
    return publora.connections.list_many(["a", "b"])


def by_name(server: HostileServer) -> str:
    """Its base URL, with a host name that has to be looked up."""
    return server.base_url.replace("127.0.0.1", "localhost")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("can't look up"), "an unexpected RuntimeError (can't look up) in "),
        (RuntimeError(f"of {KEY}"), "an unexpected RuntimeError in "),
        (ValueError(f"of {KEY!r}"), "an unexpected ValueError in "),
        (AssertionError(), "an unexpected AssertionError in "),
        (MemoryError(), "an unexpected MemoryError in "),
    ],
    ids=repr,
)
async def test_35_an_error_from_below_is_a_transport_error_and_one_users_in_a_fan_out(
    error: Exception,
    message: str,
    serve: Serve,
    client_of: ClientOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    server = serve(reply())
    client = client_of(by_name(server))
    with monkeypatch.context() as patch:
        patch.setattr("socket.getaddrinfo", fail)
        if type(asyncio.get_running_loop()).__module__ == "uvloop":  # it asks the system itself
            patch.setattr("aiohttp.ThreadedResolver.resolve", fail)
        raised = await failure(client)
        answers = await client.ask(many)
    assert isinstance(raised, TransportError)
    assert raised.stage == "connect"
    assert raised.message.startswith(message)
    for one in (raised, *(answer.error for answer in answers)):
        assert KEY not in everything_shown(one)
    assert [type(answer.error) for answer in answers] == [TransportError] * 2
    assert await client.ask(listing) == ConnectionList()
    assert len(server.heads) == 1


def test_35_a_thread_that_the_system_does_not_give_is_a_transport_error_that_may_pass(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[threading.Thread] = []
    start = threading.Thread.start

    def fail_twice(thread: threading.Thread) -> None:
        if len(failed) == 2:
            start(thread)
        else:
            failed.append(thread)
            raise RuntimeError("can't start new thread")

    server = serve(reply())
    with Publora(KEY, base_url=server.base_url, max_retries=0) as publora:
        draw_from(publora, lambda: 0.0)
        publora.connections.list()
        named = publora.with_options(base_url=by_name(server))
        monkeypatch.setattr(threading.Thread, "start", fail_twice)
        with pytest.raises(TransportError, match=r"^an unexpected RuntimeError \(can't start new "):
            named.connections.list()
        assert named.with_options(max_retries=1).connections.list() == ConnectionList()
    assert len(failed) == len(server.heads) == 2
