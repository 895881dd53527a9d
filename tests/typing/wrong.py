"""Calls that are wrong: each line that ends in ``# wrong`` is an error; nothing runs this."""

from publora_async import AsyncPublora
from publora_sync import Publora


async def awaited(publora: AsyncPublora) -> None:
    """The async client."""
    await publora.connections.list("a")  # wrong
    await publora.connections.list(user_id=5)  # wrong
    await publora.connections.list(users="a")  # wrong
    await publora.connections.test()  # wrong
    await publora.connections.wait_for("linkedin")  # wrong
    await publora.connections.list_many(["a"], concurrency="4")  # wrong
    await publora.connections.list_many([5])  # wrong
    publora.connections.list().platform_ids  # wrong
    for _ in publora.connections.iter_many(["a"]):  # wrong
        pass
    publora.connections.watch(5)  # wrong
    publora.connections.watch(every=15)  # wrong
    await publora.managed_users.create(display_name="A")  # wrong
    publora.stats().calls = 1  # wrong
    AsyncPublora(max_retries="3")  # wrong


def plain(publora: Publora) -> None:
    """The sync client."""
    publora.connections.list("a")  # wrong
    publora.connections.list(user_id=5)  # wrong
    publora.connections.list_many([5])  # wrong
    publora.connections.list()[0].platform_id = "a"  # wrong
    publora.connections.list()[0].nickname  # wrong
    publora.connections.snapshot("a", concurrency=None)  # wrong
    for _ in publora.connections.watch(every="15m"):  # wrong
        pass
    publora.managed_users.detach()  # wrong
    publora.managed_users.connection_url("a", 30)  # wrong
    Publora(session=None)  # wrong
    Publora(timeout="5")  # wrong
