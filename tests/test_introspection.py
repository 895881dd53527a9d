"""The public face as mocks, help() and frameworks that read annotations see it."""

import inspect
import sys
import typing
from types import ModuleType
from unittest.mock import Mock, create_autospec

import pytest

import publora_async
import publora_async.sandbox
import publora_sync
from publora_async import AsyncConnections, AsyncManagedUsers, AsyncPublora
from publora_async._introspection import LazyModule
from publora_sync import Connections, ManagedUsers, Publora

CLIENTS = [AsyncPublora, Publora]


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_mock_of_a_client_knows_its_resources_and_their_arguments(
    client: type[AsyncPublora | Publora],
) -> None:
    mock = create_autospec(client, instance=True)
    for given in (mock.connections.list(user_id="u"), mock.managed_users.detach("u")):
        assert inspect.isawaitable(given) == (client is AsyncPublora)
        if inspect.isawaitable(given):
            await given
    with pytest.raises(TypeError, match="unexpected keyword"):
        mock.connections.list(user="u")
    with pytest.raises(AttributeError):
        mock.connections.lists()
    plain = Mock(spec=client)
    plain.connections.list.return_value = []
    assert plain.connections.list() == []
    with pytest.raises(AttributeError):
        plain.posts  # noqa: B018  # it is the look-up that is tested


def test_the_class_says_which_resources_a_client_has() -> None:
    kinds = {
        AsyncPublora: [AsyncConnections, AsyncManagedUsers],
        Publora: [Connections, ManagedUsers],
    }
    for client, expected in kinds.items():
        assert [getattr(client, name) for name in ("connections", "managed_users")] == expected


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_that_was_never_made_says_so(client: type[AsyncPublora | Publora]) -> None:
    with pytest.raises(AttributeError, match=r"was not made: call .*Publora\(\.\.\.\)"):
        client.__new__(client).connections  # noqa: B018  # it is the look-up that is tested


def public_things(module: ModuleType) -> typing.Iterator[object]:
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isfunction(thing):
            yield thing
        elif inspect.isclass(thing):
            yield thing
            for member in vars(thing).values():
                if inspect.isfunction(member):
                    yield member
                elif isinstance(member, property):
                    yield member.fget


@pytest.mark.parametrize("module", [publora_async, publora_sync, publora_async.sandbox])
def test_every_annotation_resolves_at_run_time(module: ModuleType) -> None:
    for thing in public_things(module):
        typing.get_type_hints(thing)


def test_an_annotation_of_a_library_that_is_missing_is_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert LazyModule("pandas").DataFrame is typing.Any
