"""What a field of an answer may be: what is documented, nothing that could pass for it."""

import copy
import json
import pickle

import pytest
from asking import ClientOf, Serve, failure, listing
from colours import Client
from conftest import KEY
from hostile import reply
from leftovers import everything_shown

from publora_async import Connection, ConnectionList, LastError, ResponseDecodeError

TEXTS = [
    *("username", "displayName", "profileImageUrl", "profileUrl", "tokenStatus"),
    *("tokenExpiresIn", "subscriptionType"),
]
TIMES = ["accessTokenExpiresAt", "lastSuccessfulPost"]
EMPTY = {"platformId": "a-1"}


def body(*connections: object) -> dict[str, object]:
    return {"success": True, "connections": connections}


def not_as_documented(*problems: str) -> ResponseDecodeError:
    """What is raised for *problems*, each of them ``"path: what was expected"``."""
    return ResponseDecodeError(
        "the answer is not what Publora documents: " + "; ".join(problems),
        path=problems[0].partition(": ")[0],
        problems=problems,
    )


async def failures(client: Client, count: int) -> list[ResponseDecodeError]:
    """So many refusals, none of which quotes a value or was asked about again."""
    errors = [await failure(client) for _ in range(count)]
    assert client.waits == []
    decoding = [error for error in errors if isinstance(error, ResponseDecodeError)]
    for error in decoding:
        shown = everything_shown(error)
        assert "swordfish" not in shown
        assert KEY not in shown
    return decoding


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (5, "a number"),
        (0, "a number"),
        (0.5, "a number"),
        (10**30, "a number"),
        (True, "a boolean"),
        (False, "a boolean"),
        (["swordfish"], "a list"),
        ([], "a list"),
        ({"swordfish": "swordfish"}, "an object"),
    ],
)
async def test_11_where_text_is_due_nothing_else_will_do(
    value: object, kind: str, serve: Serve, client_of: ClientOf
) -> None:
    items = [{**EMPTY, name: value} for name in ["platformId", *TEXTS]]
    errors = [{**EMPTY, "lastError": {"message": value}}]
    server = serve(*(reply(body(EMPTY, item)) for item in [*items, *errors]))
    paths = ["platformId", *TEXTS, "lastError.message"]
    assert await failures(client_of(server), len(paths)) == [
        not_as_documented(f"connections[1].{path}: expected text, found {kind}") for path in paths
    ]
    assert (len(server.heads), server.connections) == (len(paths), 1)


@pytest.mark.parametrize(
    "value",
    [
        *("swordfish", "", "2026", "2026-02-30T00:00:00Z", "10000-01-01T00:00:00Z", "1767225600"),
        *("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "2026-01-01T00:00:00\ud800"),
        *(1767225600, 0.5, True, {}, ["2026-01-01"], 10**30),
    ],
)
async def test_11_where_a_time_is_due_nothing_else_will_do(
    value: object, serve: Serve, client_of: ClientOf
) -> None:
    items = [{**EMPTY, name: value} for name in TIMES]
    errors = [{**EMPTY, "lastError": {"occurredAt": value}}]
    server = serve(*(reply(body(item)) for item in [*items, *errors]))
    paths = [*TIMES, "lastError.occurredAt"]
    assert await failures(client_of(server), len(paths)) == [
        not_as_documented(f"connections[0].{path}: expected an ISO 8601 time") for path in paths
    ]
    assert len(server.heads) == len(paths)


@pytest.mark.parametrize("value", ["swordfish", 5, True, ["swordfish"]])
async def test_11_where_a_record_is_due_nothing_else_will_do(
    value: object, serve: Serve, client_of: ClientOf
) -> None:
    kinds = {str: "text", int: "a number", bool: "a boolean", list: "a list"}
    found = f"expected an object, found {kinds[type(value)]}"
    server = serve(reply(body(EMPTY, value)), reply(body({**EMPTY, "lastError": value})))
    assert await failures(client_of(server), 2) == [
        not_as_documented(f"connections[1]: {found}"),
        not_as_documented(f"connections[0].lastError: {found}"),
    ]
    assert len(server.heads) == 2


async def test_11_null_where_text_or_a_time_is_due_is_none_as_is_what_is_not_there(
    serve: Serve, client_of: ClientOf
) -> None:
    nulls = dict.fromkeys([*TEXTS, *TIMES, "lastError"])
    error = {"lastError": {"message": None, "occurredAt": None}}
    server = serve(reply(body(EMPTY, EMPTY | nulls, EMPTY | error, EMPTY | {"lastError": {}})))
    bare, of_nulls, *with_errors = await client_of(server).ask(listing)
    assert bare == of_nulls == Connection(platform_id="a-1")
    assert with_errors == [Connection(platform_id="a-1", last_error=LastError())] * 2
    assert "None" not in json.dumps(of_nulls.to_dict())
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    ("item", "problem"),
    [({}, "is missing"), ({"platformId": None}, "expected text, found nothing")],
)
async def test_11_a_platform_id_is_never_none(
    item: object, problem: str, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(body(EMPTY, item)))
    assert await failures(client_of(server), 1) == [
        not_as_documented(f"connections[1].platformId: {problem}")
    ]
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (r"\ud800", "\ufffd"),
        (r"a\uDFFFb", "a\ufffdb"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\ufeff\ud800", "\ufeff\ufffd"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\\ud800", "\\ud800"),
        (r"\u0000\u001b[31m", "\0\x1b[31m"),
    ],
)
async def test_11_lone_surrogates_become_replacement_characters_so_that_printing_cannot_fail(
    escaped: str, text: str, serve: Serve, client_of: ClientOf
) -> None:
    template = b'{"platformId": "@", "username": "@", "lastError": {"message": "@", "@": "@"}, '
    template += b'"x@": ["@", 1, null, {"a@": "@"}]}'
    answer = b'{"success": true, "connections": [%s]}' % template
    server = serve(reply(answer.replace(b"@", escaped.encode())))
    connections = await client_of(server).ask(listing)
    assert connections == ConnectionList(
        [
            Connection(
                platform_id=text,
                username=text,
                last_error=LastError(message=text, extra={text: text}),
                extra={f"x{text}": [text, 1, None, {f"a{text}": text}]},
            )
        ]
    )
    for shown in (str(connections[0]), connections._repr_html_(), str(connections.to_records())):
        assert shown.encode()
    assert json.dumps(connections.to_dict(), ensure_ascii=False).encode()
    assert len(server.heads) == 1


def with_unknown_field(value: str) -> list[bytes]:
    """An answer with *value* in a connection, and one with it in a connection's last error."""
    items = (f'"x": {value}', f'"lastError": {{"x": {value}}}')
    answer = '{"success": true, "connections": [{"platformId": "a-1", %s}]}'
    return [reply((answer % item).encode()) for item in items]


NESTED = [("[", "]"), ('{"a": ', "}"), ('[{"a": ', "}]")]


@pytest.mark.parametrize(("opened", "closed"), NESTED)
async def test_11_an_unknown_field_may_be_nested_as_deeply_as_it_can_be_copied(
    opened: str, closed: str, serve: Serve, client_of: ClientOf
) -> None:
    levels = 99 // len(closed)
    server = serve(*with_unknown_field(f"{opened * levels}1{closed * levels}"))
    client = client_of(server)
    for _ in range(2):
        connections = await client.ask(listing)
        assert connections.platform_ids == ["a-1"]
        assert pickle.loads(pickle.dumps(connections)) == copy.deepcopy(connections) == connections
        assert f"{opened}1{closed}" in json.dumps(connections.to_dict())
    assert len(server.heads) == 2


@pytest.mark.parametrize("levels", [100, 500])
@pytest.mark.parametrize(("opened", "closed"), NESTED)
async def test_11_what_is_nested_more_deeply_is_refused(
    opened: str, closed: str, levels: int, serve: Serve, client_of: ClientOf
) -> None:
    levels //= len(closed)
    server = serve(*with_unknown_field(f"{opened * levels}1{closed * levels}"))
    assert await failures(client_of(server), 2) == [
        not_as_documented("connections[0]: nested more than 100 levels deep"),
        not_as_documented("connections[0].lastError: nested more than 100 levels deep"),
    ]
    assert len(server.heads) == 2


async def test_11_at_most_20_000_items_are_read(serve: Serve, client_of: ClientOf) -> None:
    server = serve(reply(body(*[EMPTY] * 20_000)), reply(body(*[{}] * 20_001)))
    client = client_of(server)
    assert await client.ask(listing) == ConnectionList([Connection(platform_id="a-1")] * 20_000)
    assert await failures(client, 1) == [
        not_as_documented("connections: expected at most 20000 items, found 20001")
    ]
    assert len(server.heads) == 2


@pytest.mark.parametrize("count", [9, 10, 11, 19_999])
async def test_11_validation_stops_after_ten_problems(
    count: int, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(body(EMPTY, *[{"username": "swordfish"}] * count)))
    assert await failures(client_of(server), 1) == [
        not_as_documented(
            *(f"connections[{index + 1}].platformId: is missing" for index in range(min(count, 10)))
        )
    ]
    assert len(server.heads) == 1


async def test_11_ten_problems_may_be_of_a_few_items(serve: Serve, client_of: ClientOf) -> None:
    item = {"username": 1, "displayName": 2, "lastError": 3}
    server = serve(reply(body(*[item] * 20)))
    found = [
        ("platformId", "is missing"),
        ("username", "expected text, found a number"),
        ("displayName", "expected text, found a number"),
        ("lastError", "expected an object, found a number"),
    ]
    lines = [f"connections[{n}].{name}: {problem}" for n in range(3) for name, problem in found]
    assert await failures(client_of(server), 1) == [not_as_documented(*lines[:10])]
    assert len(server.heads) == 1
