"""``close()``: again, during calls at whatever stage, and after the client's loop has died."""

import asyncio
import gc
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest
from asking import ClientOf, Serve, failure, listing
from colours import Client, Question
from conftest import KEY
from hostile import CUT, Answer, HostileServer, reply, silence
from seams import sleep_by, transport

from publora_async import AsyncPublora, ClientStateError, ConnectionList
from publora_async._http.gate import Gate

MEANWHILE = ClientStateError("this client was closed meanwhile")
CLOSED = ClientStateError("this client is closed: make another one")
LATER = reply({}, status=429, headers={"Retry-After": "50"})


def many(concurrency: int) -> Question:
    """Ask about three users."""
    return lambda publora: publora.connections.list_many(["a", "b", "c"], concurrency=concurrency)


def waiting_for(publora: Any) -> Any:  # noqa: ANN401  # either colour
    """Look for a new account, again and again."""
    return publora.connections.wait_for("twitter", timeout=99, poll_interval=99)


STAGES: dict[str, tuple[Answer, Question, dict[str, object], int]] = {
    "connect": (silence, listing, {}, 0),
    "headers": (silence, listing, {}, 1),
    "body": (CUT, listing, {}, 1),
    "body of a refusal": (CUT.replace(b"200", b"500"), listing, {}, 1),
    "backoff": (LATER, listing, {}, 1),
    "fan-out": (silence, many(3), {}, 3),
    "queue": (silence, many(3), {"max_connections": 1}, 1),
    "gate": (LATER, many(1), {"max_retries": 0}, 1),
    "between looks": (reply(), waiting_for, {}, 1),
}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Callable[[Client], threading.Event]:
    """Have a client wait in earnest; what is given is set when it does so between attempts."""
    begun = threading.Event()

    def told(wait: Callable[..., Any]) -> Callable[..., Any]:
        def begin(*args: object) -> object:
            begun.set()
            return wait(*args)

        return begin

    def waits(client: Client) -> threading.Event:
        pool = transport(client._publora).pool
        sleep_by(client._publora, lambda _: told(pool.sleep))
        monkeypatch.setattr(Gate, "wait_to_enter", told(Gate.wait_to_enter))
        return begun

    return waits


@pytest.mark.parametrize("stage", STAGES)
async def test_26_calls_in_flight_end_with_client_state_error_and_are_not_retried(
    stage: str, serve: Serve, client_of: ClientOf, waits: Callable[[Client], threading.Event]
) -> None:
    answer, question, options, requests = STAGES[stage]
    server = serve(answer)
    base_url = server.base_url.replace("http:", "https:" if stage == "connect" else "http:")
    client = client_of(base_url, **options)
    between = waits(client)
    under_way = asyncio.create_task(failure(client, question))
    await asyncio.to_thread(server.accepted.acquire)
    for _ in range(requests):
        await asyncio.to_thread(server.asked.acquire)
    if stage in {"backoff", "gate", "between looks"}:
        await asyncio.to_thread(between.wait)
    for _ in range(2):
        await client.close()
    # Nobody waits for as long as those calls would have.
    assert await asyncio.wait_for(under_way, 25) in (MEANWHILE, CLOSED)
    for late in (listing, many(3), waiting_for):
        assert await failure(client, late) == CLOSED
    assert len(server.heads) == requests


async def test_26_many_may_close_at_once(serve: Serve, client_of: ClientOf) -> None:
    server = serve(silence)
    client = client_of(server)
    under_way = asyncio.create_task(failure(client))
    await asyncio.to_thread(server.asked.acquire)
    await asyncio.gather(*(client.close() for _ in range(5)))
    assert await under_way == MEANWHILE
    assert len(server.heads) == 1


async def test_26_a_client_that_was_never_used_is_closed_like_any_other(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply())
    client = client_of(server)
    for _ in range(2):
        await client.close()
    assert await failure(client) == CLOSED
    assert server.connections == 0


async def test_26_a_derived_client_closes_nothing_and_ends_with_the_first(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply())
    client = client_of(server)
    derived = Client(client._publora.with_options(deadline=5))
    for one in (derived, client, derived):
        assert await one.ask(listing) == ConnectionList()
        await derived.close()
    await client.close()
    assert await failure(derived) == CLOSED
    assert (len(server.heads), server.connections) == (3, 1)


async def test_26_a_borrowed_session_outlives_the_client(serve: Serve) -> None:
    server = serve(reply())
    async with aiohttp.ClientSession() as session:
        for _ in range(3):
            async with AsyncPublora(KEY, base_url=server.base_url, session=session) as publora:
                await publora.connections.list()
            assert not session.closed
        assert (len(server.heads), server.connections) == (3, 1)


def use_in_a_loop_that_dies(
    server: HostileServer, *, lent: bool, pending: bool
) -> tuple[AsyncPublora, aiohttp.ClientSession | None]:
    """Use a client, perhaps leave a call of it hanging, and close the loop before anything else."""
    loop = asyncio.new_event_loop()

    async def use() -> tuple[AsyncPublora, aiohttp.ClientSession | None]:
        session = aiohttp.ClientSession() if lent else None
        publora = AsyncPublora(KEY, base_url=server.base_url, session=session)
        await publora.connections.list()
        if pending:
            hanging = loop.create_task(publora.connections.list())
            hanging._log_destroy_pending = False  # type: ignore[attr-defined]  # it is meant
            await asyncio.to_thread(lambda: [server.asked.acquire() for _ in range(2)])
        return publora, session

    used = loop.run_until_complete(use())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    return used


# asyncio's own words on tasks, and on what a borrowed session holds, whose loop was closed before.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in. <coroutine")
@pytest.mark.parametrize("lent", [False, True], ids=["own", "borrowed"])
@pytest.mark.parametrize("pending", [False, True], ids=["idle", "call left hanging"])
@pytest.mark.parametrize("where", ["another loop", "no loop"])
def test_26_close_is_safe_after_the_loop_has_died(
    where: str,
    pending: bool,  # noqa: FBT001  # a table column
    lent: bool,  # noqa: FBT001
    serve: Serve,
) -> None:
    server = serve(reply(), silence)
    publora, session = use_in_a_loop_that_dies(server, lent=lent, pending=pending)
    for _ in range(2):
        if where == "another loop":
            asyncio.run(publora.close())
        else:
            with pytest.raises(StopIteration):
                publora.close().send(None)
    with pytest.raises(ClientStateError, match=r"^this client is closed: make another one$"):
        asyncio.run(publora.connections.list())
    if session is not None:
        assert not session.closed
        asyncio.run(session.close())
    assert len(server.heads) == 1 + pending
    del publora, session
    gc.collect()


PLACES: dict[str, Callable[[Coroutine[Any, Any, None]], object]] = {
    "another loop": lambda closing: asyncio.run(asyncio.wait_for(closing, 5)),
    "no loop": lambda closing: closing.send(None),
}


@pytest.mark.parametrize("where", PLACES)
def test_26_close_elsewhere_is_refused_while_the_clients_loop_lives(
    where: str, serve: Serve
) -> None:
    server = serve(reply())
    publora = AsyncPublora(KEY, base_url=server.base_url)
    with asyncio.Runner() as first:
        first.run(publora.connections.list())
        with pytest.raises(ClientStateError, match=r"another event loop: close it there$"):
            PLACES[where](publora.close())
        first.run(publora.connections.list())
        first.run(publora.close())
    assert (len(server.heads), server.connections) == (2, 1)
