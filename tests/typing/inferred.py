"""What an editor infers of every public call, in both colours; nothing runs this."""

from datetime import timedelta
from typing import assert_type

from publora_async import (
    AsyncAnswers,
    AsyncPublora,
    AsyncWatch,
    AttachedUser,
    ClientStats,
    Connection,
    ConnectionLink,
    ConnectionList,
    ConnectionTest,
    Event,
    ManagedUser,
    ManagedUserKey,
    ManagedUserList,
    Snapshot,
    UserConnections,
    UserConnectionsList,
)
from publora_sync import Answers, Publora, Watch


async def awaited(publora: AsyncPublora) -> None:
    """The async client."""
    async with AsyncPublora(timeout=5, deadline=None) as mine:
        assert_type(mine, AsyncPublora)
    assert_type(publora.with_options(max_retries=0), AsyncPublora)
    assert_type(publora.stats(), ClientStats)
    assert_type(publora.closed, bool)
    accounts = await publora.connections.list(user_id="a")
    assert_type(accounts, ConnectionList)
    assert_type(accounts[0], Connection)
    assert_type(accounts.by_platform(), dict[str, ConnectionList])
    assert_type(accounts.platform_ids, list[str])
    assert_type(accounts.get("a"), Connection | None)
    answers = publora.connections.iter_many(["a"], ordered=True)
    assert_type(answers, AsyncAnswers)
    async for answer in answers:
        assert_type(answer, UserConnections)
    assert_type(await publora.connections.list_many(["a"], progress=True), UserConnectionsList)
    snapshot = await publora.connections.snapshot(["a"])
    assert_type(snapshot, Snapshot)
    assert_type(snapshot.diff(Snapshot.load("a")), list[Event])
    watch = publora.connections.watch(publora.managed_users.list, state="a")
    assert_type(watch, AsyncWatch)
    async for event in watch:
        assert_type(event, Event)
        assert_type(event.after, Connection | None)
    assert_type(await publora.connections.test("a"), ConnectionTest)
    assert_type(await publora.connections.wait_for("linkedin", timeout=60), Connection)
    users = await publora.managed_users.list()
    assert_type(users, ManagedUserList)
    assert_type(users[0], ManagedUser)
    assert_type(await publora.managed_users.create("a@example.org"), ManagedUser)
    assert_type(
        await publora.managed_users.attach(user_access_token="t", user_id="a"), AttachedUser
    )
    await publora.managed_users.detach("a")
    assert_type(await publora.managed_users.connection_url("a", rotate=True), ConnectionLink)
    assert_type(await publora.managed_users.create_api_key("a"), ManagedUserKey)
    await publora.close()


def plain(publora: Publora) -> None:
    """The sync client."""
    with Publora(timeout=5, deadline=None) as mine:
        assert_type(mine, Publora)
    assert_type(publora.with_options(max_retries=0), Publora)
    assert_type(publora.stats(), ClientStats)
    assert_type(publora.closed, bool)
    assert_type(publora.connections.list(user_id="a"), ConnectionList)
    answers = publora.connections.iter_many(["a"], ordered=True)
    assert_type(answers, Answers)
    for answer in answers:
        assert_type(answer, UserConnections)
    assert_type(publora.connections.list_many(["a"], progress=True), UserConnectionsList)
    assert_type(publora.connections.snapshot(), Snapshot)
    watch = publora.connections.watch(publora.managed_users.list, every=timedelta(hours=6))
    assert_type(watch, Watch)
    for event in watch:
        assert_type(event, Event)
    assert_type(publora.connections.test("a"), ConnectionTest)
    assert_type(publora.connections.wait_for("linkedin", timeout=60), Connection)
    assert_type(publora.managed_users.list(), ManagedUserList)
    assert_type(publora.managed_users.create("a@example.org"), ManagedUser)
    assert_type(publora.managed_users.attach(user_access_token="t", user_id="a"), AttachedUser)
    publora.managed_users.detach("a")
    assert_type(publora.managed_users.connection_url("a", rotate=True), ConnectionLink)
    assert_type(publora.managed_users.create_api_key("a"), ManagedUserKey)
    publora.close()
