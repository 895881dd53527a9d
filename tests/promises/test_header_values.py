"""What may travel in a header: checked before anything is sent, and sent as it is."""

import re
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

import pytest
from asking import ClientOf, Serve, failure, listing, listing_for
from colours import Client, Question
from conftest import KEY
from hostile import HostileServer, reply
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leftovers import everything_shown

from publora_async import (
    AsyncPublora,
    ConfigurationError,
    ConnectionList,
    UserFailed,
    UserSucceeded,
)
from publora_sync import Publora

COLOURS = (AsyncPublora, Publora)
NOT_ASCII = "may hold only printable ASCII characters without blanks; character"
UNPRINTABLE = [" ", "\n", "\r", "\t", "\0", "\x7f", "\x80", "é", "\uff21", "\ud800", "\udcff"]
REFUSED = {
    "": "must be 1 to 512 characters long, not 0",
    "s" * 513: "must be 1 to 512 characters long, not 513",
    "swordfish\n": f"{NOT_ASCII} 10 of 10 is something else",
    "swordfish\r\nx-publora-key: b": f"{NOT_ASCII} 10 of 27 is something else",
    "u\ud800": f"{NOT_ASCII} 2 of 2 is something else",
    **{f"sword{one}fish": f"{NOT_ASCII} 6 of 10 is something else" for one in UNPRINTABLE},
}
REFUSED_KINDS: list[tuple[Any, str]] = [
    (b"swordfish", "must be text, not bytes"),
    (5, "must be text, not int"),
    (False, "must be text, not bool"),
    (["swordfish"], "must be text, not list"),
]


CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "list": lambda value, publora: publora.connections.list(user_id=value),
    "test": lambda value, publora: publora.connections.test("twitter-1", user_id=value),
    "wait_for": lambda value, publora: publora.connections.wait_for(
        "twitter", user_id=value, timeout=5
    ),
    "detach": lambda value, publora: publora.managed_users.detach(value),
    "connection_url": lambda value, publora: publora.managed_users.connection_url(value),
    "create_api_key": lambda value, publora: publora.managed_users.create_api_key(value),
}


@pytest.mark.parametrize("call", CALLS)
async def test_04_a_user_id_is_checked_before_any_io(
    call: str, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply())
    client = client_of(server)
    for value, problem in (*REFUSED.items(), *REFUSED_KINDS):
        error = await failure(client, partial(CALLS[call], value))
        assert error == ConfigurationError(f"user_id {problem}")
        assert (error.__cause__, error.__context__) == (None, None)
    assert (server.heads, server.connections) == ([], 0)


async def test_04_a_user_id_of_many_is_checked_before_any_io(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply())
    answers = await client_of(server).ask(
        lambda publora: publora.connections.list_many([*REFUSED, "good"])
    )
    assert list(answers) == [
        *(
            UserFailed(value, ConfigurationError(f"user_id {problem}"))
            for value, problem in REFUSED.items()
        ),
        UserSucceeded("good", ConnectionList()),
    ]
    assert len(server.heads) == 1


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    ("value", "problem"),
    [*((value, why) for value, why in REFUSED.items() if value[-1:] != "\n"), *REFUSED_KINDS],
)
def test_04_the_key_is_checked_before_any_io_and_never_quoted(
    value: Any,  # noqa: ANN401  # none of them fits
    problem: str,
    colour: type[AsyncPublora | Publora],
) -> None:
    made = colour(KEY)
    for make in (colour, lambda value: made.with_options(api_key=value)):
        with pytest.raises(ConfigurationError) as caught:
            make(value)
        error = caught.value
        assert error == ConfigurationError(f"api_key {problem}")
        assert (error.__cause__, error.__context__) == (None, None)
        shown = everything_shown(error)
        assert not re.search("sword|fish|sss", shown)
        assert KEY not in shown


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "no API key: "),
        ("", "no API key: "),
        (" \n", "the API key in PUBLORA_API_KEY must be 1 to 512 characters long, not 0"),
        ("sword\nfish", f"the API key in PUBLORA_API_KEY {NOT_ASCII} 6 of 10 is something else"),
        ("s" * 513, "the API key in PUBLORA_API_KEY must be 1 to 512 characters long, not 513"),
    ],
)
def test_04_a_key_from_the_environment_is_checked_alike(
    value: str | None,
    message: str,
    colour: type[AsyncPublora | Publora],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if value is not None:
        monkeypatch.setenv("PUBLORA_API_KEY", value)
    with pytest.raises(ConfigurationError) as caught:
        colour()
    assert str(caught.value).startswith(message)
    assert not re.search("sword|fish|sss", everything_shown(caught.value))


class Text(str, Enum):  # noqa: UP042  # a StrEnum formats to its value
    MEMBER = "swordfish"


async def test_04_what_was_checked_is_what_is_sent_whatever_it_formats_to(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply())
    client = client_of(server)
    await client.ask(listing_for(Text.MEMBER))
    assert sent(server, "x-publora-user-id") == b"swordfish"
    (answer,) = await client.ask(lambda publora: publora.connections.list_many([Text.MEMBER]))
    assert sent(server, "x-publora-user-id") == answer.user_id.encode()
    await client.ask(with_key(Text.MEMBER))
    assert sent(server, "x-publora-key") == b"swordfish"


@pytest.mark.parametrize("colour", COLOURS)
def test_04_a_base_url_is_what_was_checked(colour: type[AsyncPublora | Publora]) -> None:
    class Url(str, Enum):  # noqa: UP042  # as above
        MEMBER = "https://example.com/v1"

    url = Url.MEMBER
    made = colour(KEY, base_url=url)
    assert "https://example.com/v1" in repr(made)
    assert "https://example.com/v1" in repr(colour(KEY).with_options(base_url=url))


async def test_04_line_breaks_and_blanks_round_a_key_are_left_out(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(reply())
    await client_of(server, api_key=f" {KEY}\r\n").ask(listing)
    assert sent(server, "x-publora-key") == KEY.encode()
    monkeypatch.setenv("PUBLORA_API_KEY", f"{KEY}\n")
    await client_of(server, api_key=None).ask(listing)
    assert sent(server, "x-publora-key") == KEY.encode()


def sent(server: HostileServer, header: str) -> bytes:
    """The value of *header* in the last request."""
    (value,) = re.findall(rb"\r\n%s: (.*?)\r\n" % header.encode(), server.heads[-1], re.DOTALL)
    return bytes(value)


VISIBLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
ANY_VALUE = (
    st.text(st.characters())
    | st.text(VISIBLE)
    | st.text(VISIBLE, min_size=500, max_size=520)
    | st.tuples(st.text(VISIBLE), st.characters(), st.text(VISIBLE)).map("".join)
)
PROPERTY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def talk(serve: Serve, client_of: ClientOf) -> tuple[HostileServer, Client]:
    """One server and a client of it, for all of a property's examples."""
    server = serve(reply())
    return server, client_of(server)


def with_key(key: str) -> Question:
    """Ask with another key over the same connections."""
    return lambda publora: publora.with_options(api_key=key).connections.list()


@PROPERTY
@given(value=ANY_VALUE, header=st.sampled_from(["x-publora-key", "x-publora-user-id"]))
async def test_04_any_text_is_refused_before_any_io_or_arrives_byte_for_byte(
    value: str, header: str, talk: tuple[HostileServer, Client]
) -> None:
    server, client = talk
    before = len(server.heads), server.connections
    question = with_key(value) if header == "x-publora-key" else listing_for(value)
    whole = value.strip(" \t\r\n") if header == "x-publora-key" else value
    if re.fullmatch("[!-~]{1,512}", whole):
        assert await client.ask(question) == ConnectionList()
        assert sent(server, header) == whole.encode()
        assert (len(server.heads), server.connections) == (before[0] + 1, 1)
    else:
        error = await failure(client, question)
        assert type(error) is ConfigurationError
        assert (len(server.heads), server.connections) == before
        if header == "x-publora-key" and len(value) >= 10:
            assert value not in everything_shown(error)
