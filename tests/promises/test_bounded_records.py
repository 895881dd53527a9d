"""How much of an answer becomes records: so deep, so many, and so many problems told."""

import copy
import json
import pickle

import pytest
from asking import ClientOf, Serve, decode_failures, listing, not_as_documented
from hostile import reply

from publora_async import Connection, ConnectionList, ResponseDecodeError
from publora_async._decoding.converter import structure_carefully

EMPTY = {"platformId": "a-1"}


def body(*connections: object) -> dict[str, object]:
    return {"success": True, "connections": connections}


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
    assert await decode_failures(client_of(server, strict=True), 2) == [
        not_as_documented("connections[0]: nested more than 100 levels deep"),
        not_as_documented("connections[0].lastError: nested more than 100 levels deep"),
    ]
    assert len(server.heads) == 2


async def test_11_at_most_20_000_items_are_read(serve: Serve, client_of: ClientOf) -> None:
    server = serve(reply(body(*[EMPTY] * 20_000)), reply(body(*[{}] * 20_001)))
    client = client_of(server)
    assert await client.ask(listing) == ConnectionList([Connection(platform_id="a-1")] * 20_000)
    assert await decode_failures(client, 1) == [
        not_as_documented("connections: expected at most 20000 items, found 20001")
    ]
    assert len(server.heads) == 2


@pytest.mark.parametrize("count", [9, 10, 11, 19_999])
async def test_11_validation_stops_after_ten_problems(
    count: int, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(reply(body(EMPTY, *[{"username": "swordfish"}] * count)))
    assert await decode_failures(client_of(server), 1) == [
        not_as_documented(
            *(f"connections[{index + 1}].platformId: is missing" for index in range(min(count, 10)))
        )
    ]
    assert len(server.heads) == 1


def test_11_validation_looks_at_nothing_after_ten_problems() -> None:
    """To tell it from one that cuts its list of problems short takes a look inside."""
    looked_at: list[int] = []

    def path_of(index: int) -> str:
        looked_at.append(index)
        return "x"

    with pytest.raises(ResponseDecodeError):
        structure_carefully([{}] * 20_000, Connection, path_of, strict=False)
    assert looked_at == list(range(10))


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
    assert await decode_failures(client_of(server, strict=True), 1) == [
        not_as_documented(*lines[:10])
    ]
    assert len(server.heads) == 1
