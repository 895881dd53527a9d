"""What a field of an answer may be: what is documented, nothing that could pass for it."""

import json

import pytest
from asking import ClientOf, Serve, decode_failures, listing, not_as_documented
from hostile import reply

from publora_async import Connection, ConnectionList, LastError

TEXTS = [
    *("username", "displayName", "profileImageUrl", "profileUrl", "tokenStatus"),
    *("tokenExpiresIn", "subscriptionType"),
]
TIMES = ["accessTokenExpiresAt", "lastSuccessfulPost"]
EMPTY = {"platformId": "a-1"}


def body(*connections: object) -> dict[str, object]:
    return {"success": True, "connections": connections}


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
    assert await decode_failures(client_of(server, strict=True), len(paths)) == [
        not_as_documented(f"connections[1].{path}: expected text, found {kind}") for path in paths
    ]
    assert (len(server.heads), server.connections) == (len(paths), 1)


@pytest.mark.parametrize(
    "value",
    [
        *("swordfish", "", "2026", "2026-02-30T00:00:00Z", "10000-01-01T00:00:00Z", "1767225600"),
        "2026-01-01T00:00:00\ud800",
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
    assert await decode_failures(client_of(server, strict=True), len(paths)) == [
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
    assert await decode_failures(client_of(server, strict=True), 2) == [
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
    assert await decode_failures(client_of(server, strict=True), 1) == [
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
