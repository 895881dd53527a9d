"""The key shows itself nowhere: not in errors and their frames, logs, clients, copies."""

import asyncio
import copy
import io
import logging
import pickle
import pprint
import reprlib
import traceback
from collections.abc import Callable
from typing import Any, Literal

import attrs
import pytest
import rich.console
import rich.pretty
import rich.traceback
from asking import ClientOf, Serve, failure, listing
from conftest import KEY
from hostile import CUT, Answer, reply, silence, then_hang_up, then_reset
from leftovers import everything_shown

from publora_async import (
    APIStatusError,
    AsyncPublora,
    AuthenticationError,
    ClientStateError,
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
    PubloraError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    TransportError,
)
from publora_async._http.options import ClientOptions
from publora_async.sandbox import Faults, Sandbox
from publora_async.sandbox._faults import OutageAnswer
from publora_async.secret import Secret
from publora_sync import Publora

TOKEN = "consent-" + "swordfish" * 20
COLOURS = (AsyncPublora, Publora)
LONG = "sk_test_" + "swordfish" * 50
NO_COPY = r"(?m)^a secret is neither pickled nor copied: read it anew where it is needed$"
NO_COPY_OF_CLIENT = "make one where it is needed"

FAULTS: dict[str, tuple[type[PubloraError], Answer]] = {
    "401 that repeats the key": (
        AuthenticationError,
        reply({"error": f"Invalid API key {KEY}"}, status=401),
    ),
    "403": (
        PermissionDeniedError,
        reply({"error": "User is not managed by key", "code": KEY}, status=403),
    ),
    "500 page that repeats the key": (
        ServerError,
        reply(f"<pre>x-publora-key: {KEY}".encode(), status=500),
    ),
    "500 page that is cut off in the key": (
        ServerError,
        reply(b"x" * 190 + KEY.encode(), status=500),
    ),
    "redirect that repeats the key": (
        APIStatusError,
        reply(b"", status=302, headers={"Location": f"https://{KEY}:{KEY}@localhost/{KEY}"}),
    ),
    "garbage": (TransportError, f"{KEY}\r\n\r\n".encode()),
    "hang-up": (TransportError, then_hang_up()),
    "reset": (TransportError, then_reset()),
    "half": (TransportError, then_hang_up(CUT)),
    "silence": (RequestTimeoutError, silence),
    "half, then silence": (RequestTimeoutError, CUT),
    "not JSON": (ResponseDecodeError, reply(KEY.encode())),
    "not a list": (ResponseDecodeError, reply({"success": True, "connections": KEY})),
    "bad record": (
        ResponseDecodeError,
        reply({"success": True, "connections": [{"platformId": {KEY: KEY}}]}),
    ),
    "broken gzip": (TransportError, reply(KEY.encode(), headers={"Content-Encoding": "gzip"})),
    "no server": (TransportError, b""),
    "no TLS, silence": (RequestTimeoutError, silence),
}


def with_rich(error: BaseException) -> str:
    """What rich's tracebacks show, which look into what is shown, and cut long text short."""
    shown = rich.traceback.Traceback.from_exception(
        type(error), error, error.__traceback__, show_locals=True, width=200
    )
    for stack in shown.trace.stacks:
        stack.frames[:] = [frame for frame in stack.frames if "/tests/" not in frame.filename]
    console = rich.console.Console(file=io.StringIO(), width=200)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def _debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")  # for the loops that are made from now on


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("fault", FAULTS)
async def test_05_the_key_is_in_nothing_that_an_error_shows(
    fault: str, serve: Serve, client_of: ClientOf
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0  # all that runs is logged
    kind, answer = FAULTS[fault]
    server = serve(answer)
    base_url = {
        "no server": "http://127.0.0.1:1",
        "no TLS, silence": server.base_url.replace("http:", "https:"),
    }.get(fault, server.base_url)
    timeout = 0.5 if "silence" in fault else 30
    error = await failure(client_of(base_url, timeout=timeout, max_retries=1))
    assert type(error) is kind
    assert (error.__cause__, error.__context__) == (None, None)
    assert KEY not in everything_shown(error) + with_rich(error)
    assert KEY[:10] not in str(error)


@pytest.mark.usefixtures("_debugging", "_either_way")
@pytest.mark.parametrize("answer", [400, 403, 500, "reset", "cut", "silence"])
async def test_05_a_users_token_is_in_nothing_that_attaching_the_user_shows(
    answer: OutageAnswer | Literal["cut", "silence"],
    client_of: ClientOf,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0  # all that runs is logged
    async with Sandbox(api_key=KEY) as sandbox:
        if answer == "cut":
            sandbox.faults = Faults(cut_rate=1)
        elif answer == "silence":
            sandbox.faults = Faults(latency=999)
        else:
            said = {"error": f"bad token {TOKEN}", "code": TOKEN, TOKEN: [TOKEN]}
            sandbox.fail_next(2, answer, body=said)
        client = client_of(
            sandbox.base_url, max_retries=1, timeout=0.5 if answer == "silence" else 30
        )
        error = await failure(
            client,
            lambda publora: publora.managed_users.attach(
                user_access_token=TOKEN, email="zoe@example.com"
            ),
        )
        await client.close()
    assert (error.__cause__, error.__context__) == (None, None)
    assert "swordfish" not in everything_shown(error) + with_rich(error) + caplog.text


async def test_05_the_key_is_in_nothing_that_a_fan_out_gives(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(
        reply(),
        reply({"error": KEY}, status=404),
        then_hang_up(),
        reply({"error": KEY}, status=401),
    )
    client = client_of(server, max_retries=0)
    users = ["a", "b", "c"]
    answers = await client.ask(lambda publora: publora.connections.list_many(users, concurrency=1))
    assert [type(answer.error) for answer in answers] == [
        type(None),
        NotFoundError,
        TransportError,
    ]
    for answer in answers:
        assert KEY not in f"{answer} {answer!r}" + pickle.dumps(answer).decode("latin-1")
    error = await failure(client, lambda publora: publora.connections.list_many(users))
    assert isinstance(error, AuthenticationError)
    assert KEY not in everything_shown(error) + with_rich(error)


async def test_05_the_key_is_in_nothing_that_a_closed_client_says(
    serve: Serve, client_of: ClientOf
) -> None:
    client = client_of(serve(reply()))
    await client.ask(listing)
    await client.close()
    error = await failure(client)
    assert type(error) is ClientStateError
    assert (error.__cause__, error.__context__) == (None, None)
    assert KEY not in everything_shown(error) + with_rich(error)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": LONG + "\nx"},
        {"api_key": LONG + "x" * 512},
        {"api_key": LONG.encode()},
        {"api_key": [LONG]},
        {"api_key": LONG, "max_retries": -1},
        {"api_key": LONG, "base_url": "http://example.com"},
        {"base_url": f"https://u:{LONG}@localhost"},
        {"proxy": f"ftp://u:{LONG}@localhost"},
        {"proxy": (LONG,)},
        {"proxy": f"http://u:{LONG}@localhost", "deadline": -1},
        {"proxy": f"http://u:{LONG}@localhost", "base_url": "http://localhost"},
        {"PUBLORA_API_KEY": LONG + "\nx"},
        {"PUBLORA_API_KEY": LONG, "timeout": 0},
        {"PUBLORA_BASE_URL": f"https://u:{LONG}@localhost"},
    ],
)
def test_05_no_secret_is_in_the_frames_of_what_is_refused(
    wrong: dict[str, Any], colour: type[AsyncPublora | Publora], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments: dict[str, Any] = {} if "PUBLORA_API_KEY" in wrong else {"api_key": KEY}
    for name, value in wrong.items():
        if name.startswith("PUBLORA_"):
            monkeypatch.setenv(name, value)
        else:
            arguments[name] = value
    with pytest.raises(ConfigurationError) as caught:
        colour(**arguments)
    shown = everything_shown(caught.value) + with_rich(caught.value)
    assert "/publora_async/client.py" in shown
    assert KEY not in shown
    assert "swordfish" not in shown


async def test_05_the_key_is_in_nothing_that_a_client_shows(
    serve: Serve, client_of: ClientOf
) -> None:
    client = client_of(serve(reply()))
    await client.ask(listing)
    publora = client._publora
    shown: list[object] = [publora]
    for one in shown:
        text = f"{one} {one!r} {pprint.pformat(one)} {rich.pretty.pretty_repr(one)}"
        assert KEY not in text
        inner = list(vars(one).values()) if hasattr(one, "__dict__") else []
        shown += [value for value in inner if type(value).__module__.startswith("publora_")]
    assert len(shown) > 5
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=NO_COPY_OF_CLIENT):
            copied(publora)


async def test_05_the_key_is_in_no_frame_of_a_cancelled_call(serve: Serve) -> None:
    server = serve(silence)
    async with AsyncPublora(KEY, base_url=server.base_url) as publora:
        task = asyncio.create_task(publora.connections.list())
        await asyncio.to_thread(server.asked.acquire)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    text = "".join(shown.format()) + with_rich(caught.value)
    assert "publora_async/_http/attempt.py" in text
    assert KEY not in text.replace(f"KEY = {KEY!r}", "")


@pytest.mark.parametrize("key", [KEY, LONG])
@pytest.mark.parametrize(
    "shown",
    [
        repr,
        ascii,
        "{!r}".format,
        pprint.pformat,
        reprlib.repr,
        rich.pretty.pretty_repr,
        lambda secret: rich.pretty.pretty_repr(secret, max_string=5),
    ],
)
def test_05_a_secret_is_masked_by_whatever_prints_values(
    key: str, shown: Callable[[object], str]
) -> None:
    assert shown(Secret(key)).rstrip("+0123456789") == "***"
    assert "***" in shown({"key": [Secret(key)]})
    assert key[:5] not in shown({"key": [Secret(key)]})


def test_05_a_secret_is_otherwise_the_text_it_holds() -> None:
    secret = Secret(KEY)
    assert (secret, str(secret), f"{secret}", len(secret)) == (KEY, KEY, KEY, len(KEY))


def options() -> ClientOptions:
    return ClientOptions(api_key=KEY, proxy="http://user:swordfish@proxy")


@pytest.mark.parametrize("value", [Secret(KEY), [Secret(KEY)], options()], ids=type)
def test_05_pickling_and_copying_a_secret_are_refused(value: object) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match=NO_COPY):
            pickle.dumps(value, protocol)
    with pytest.raises(TypeError, match=NO_COPY):
        copy.deepcopy(value)
    with pytest.raises(TypeError, match=NO_COPY):
        copy.copy(Secret(KEY))


def test_05_options_show_no_secret_and_do_not_change() -> None:
    made = options()
    assert KEY not in repr(made)
    assert "swordfish" not in repr(made)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.base_url = "https://evil.com"  # type: ignore[misc]  # what is tested
