"""Each web framework, in its real servers: every user gets their own accounts."""

import asyncio
import json
import logging
import os
import re
import signal
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
from places.serving import (
    Form,
    Held,
    ask_all,
    expected,
    free_port,
    in_wire_form,
    require,
    served,
)

from publora_async import ConnectionList
from publora_async.sandbox import Sandbox

pytestmark = [
    pytest.mark.timeout(150),  # seconds, of which a slow machine's servers take some
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="no SIGTERM that asks to end"),
]

logger = logging.getLogger("places")

USERS = 200
IN_FLIGHT = 60


def in_python_form(accounts: ConnectionList) -> Any:  # noqa: ANN401  # JSON
    pydantic = pytest.importorskip("pydantic")
    return json.loads(pydantic.TypeAdapter(ConnectionList).dump_json(accounts))


@attrs.frozen
class Place:
    """
    An app and the server that runs it.

    Attributes:
        command: What Python runs.
        needs: What must be installed.
        form: What it returns of a user's accounts.
        stops: What it says once it has understood that it is to end.
        in_flight: How many requests are in flight when it is to end.
        lets_finish: Whether the server answers those.
        code: What the server exits with after SIGTERM.
        left: What it may still have at its exit.
        unclosed: What the server leaves to the collection, as CPython names it.
    """

    command: str
    needs: tuple[str, ...] = ()
    form: Form = in_wire_form
    stops: str = ""
    in_flight: int = IN_FLIGHT
    lets_finish: bool = True
    code: int = 0
    left: str = "$^"
    unclosed: str = "$^"


# A client of publora_sync needs no closing: it goes with its process.
UNCLOSED = "the thread publora|a socket to Publora"
uvicorn = partial(Place, stops="Shutting down", code=-signal.SIGTERM)
gunicorn = partial(
    Place,
    stops="Handling signal: term",
    left=UNCLOSED,
    # The socket that it listens on, which has no peer, and a file by which each worker shows that
    # it is alive.
    unclosed=r"<socket\.socket [^>]*\d, laddr=\('127\.0\.0\.1', \d+\)>$|<_io\.FileIO [^>]*'rb\+'",
)
PLACES = {
    "fastapi": uvicorn(
        "-m uvicorn fastapi_app:app --port {port}", ("fastapi", "uvicorn"), in_python_form
    ),
    "starlette": uvicorn("-m uvicorn starlette_app:app --port {port}", ("starlette", "uvicorn")),
    "litestar": uvicorn(
        "-m uvicorn litestar_app:app --port {port}",
        ("litestar", "uvicorn"),
        left=r"the thread Thread-1 \(_monitor\)",  # of its log's queue
    ),
    "quart": Place(
        # Its three seconds for what is in flight would be a limit on how busy the machine is.
        "-m hypercorn quart_app:app -b 127.0.0.1:{port} --graceful-timeout 30",
        ("quart", "hypercorn"),
    ),
    "aiohttp, own session": Place("-m aiohttp.web -H 127.0.0.1 -P {port} aiohttp_app:make_app"),
    "aiohttp, borrowed session": Place(
        "-m aiohttp.web -H 127.0.0.1 -P {port} aiohttp_app:make_app_that_lends"
    ),
    "django, sync views, threads": gunicorn(
        "-m gunicorn django_app -b 127.0.0.1:{port} --threads 64", ("django", "gunicorn")
    ),
    "django, sync views, prefork": gunicorn(
        "-m gunicorn django_app -b 127.0.0.1:{port} --preload -w 4",
        ("django", "gunicorn"),
        in_flight=4,
    ),
    "django, sync views, prefork with threads": gunicorn(
        "-m gunicorn django_app -b 127.0.0.1:{port} --preload -w 2 --threads 64",
        ("django", "gunicorn"),
    ),
    "django, async views": uvicorn(
        "-m uvicorn django_async_app:asgi --port {port}", ("django", "uvicorn")
    ),
    "django, async views under WSGI": gunicorn(
        "-m gunicorn django_async_app:wsgi -b 127.0.0.1:{port} --threads 64",
        ("django", "gunicorn"),
        left="$^",  # each request has closed its client
    ),
    "flask, gevent": gunicorn(
        "-m gunicorn flask_app:app -b 127.0.0.1:{port} -k gevent",
        ("flask", "gevent", "gunicorn", "uvloop"),
    ),
    "flask, waitress": Place(
        # It accepts a hundred connections; the others wait until idle ones are closed.
        "-m waitress --listen 127.0.0.1:{port} --threads 64 --connection-limit 500 flask_app:app",
        ("flask", "waitress"),
        lets_finish=False,  # it knows no SIGTERM, which ends it in the middle of its work
        code=-signal.SIGTERM,
        left="the thread .*|a socket to .*",
    ),
}


@pytest.mark.parametrize("name", PLACES)
async def test_every_user_gets_their_accounts_and_nothing_is_left(
    name: str, tmp_path: Path
) -> None:
    place = PLACES[name]
    require(*place.needs)
    command = place.command.format(port=free_port()).split()
    async with Sandbox(users=USERS) as sandbox:
        due = await expected(sandbox, place.form)
        async with served(sandbox, tmp_path, *command, unclosed=place.unclosed) as server:
            got = await ask_all(server.url, due)
            assert got == due, server.lines
            held = Held(sandbox)
            some = dict([*due.items()][: place.in_flight])
            asking = asyncio.create_task(ask_all(server.url, some))
            await held.have(place.in_flight)
            server.end()
            await server.says(place.stops)
            if not place.lets_finish:
                await server.ended()
            held.let_go()
            last = await asking
            seconds = await server.ended()
    right = sum(last[user] == some[user] for user in some)
    logger.info("%s: %d of %d, then %d, in %.1f s", name, len(got), USERS, right, seconds)
    assert right == (place.in_flight if place.lets_finish else 0), last
    assert (server.code, server.complaints()) == (place.code, []), "\n".join(server.lines)
    assert [one for one in await server.left() if not re.fullmatch(place.left, one)] == []


async def test_fastapi_gives_records_and_lists_in_models_and_says_so_in_its_openapi(
    tmp_path: Path,
) -> None:
    require("fastapi", "uvicorn")
    command = f"-m uvicorn fastapi_app:app --port {free_port()}".split()
    async with Sandbox(users=3) as sandbox:
        due = await expected(sandbox, in_python_form)
        user, accounts = next(iter(due.items()))
        account = accounts[0]
        async with (
            served(sandbox, tmp_path, *command) as server,
            aiohttp.ClientSession(server.url) as session,
        ):

            async def get(path: str) -> Any:  # noqa: ANN401  # JSON
                async with session.get(path) as response:
                    return await response.json()

            assert await get(f"/accounts/{user}/{account['platform_id']}") == account
            assert await get(f"/reports/{user}") == {
                "user_id": user,
                "accounts": accounts,
                "reconnect": [one for one in accounts if one["status"] != "valid"],
            }
            refused = await get(f"/accounts/{0:024}")
            assert "HTTP 403" in refused["error"]
            schemas = (await get("/openapi.json"))["components"]["schemas"]
    assert set(account) == set(schemas["Connection"]["required"])
    assert {"accounts", "reconnect"} <= set(schemas["Report"]["properties"])


async def test_a_streamed_fan_out_stops_asking_once_its_browser_goes_away(tmp_path: Path) -> None:
    require("fastapi", "uvicorn")
    command = f"-m uvicorn fastapi_app:app --port {free_port()}".split()
    async with (
        Sandbox(users=5000) as sandbox,
        served(sandbox, tmp_path, *command) as server,
        aiohttp.ClientSession(server.url) as session,
    ):
        browser = await session.get("/everybody")
        first = (await browser.content.readline()).split()
        held = Held(sandbox)
        await held.have(8)
        asked = sandbox.requests
        browser.close()
        await held.lose(8)
        held.let_go()
        answers = await ask_all(server.url, sandbox.user_ids[:50])
        assert {type(one) for one in answers.values()} == {list}
        assert (first[0].decode() in sandbox.user_ids, sandbox.requests) == (True, asked + 50)
        server.end()
        await server.ended()
    assert (server.code, server.complaints(), await server.left()) == (-signal.SIGTERM, [], [])
