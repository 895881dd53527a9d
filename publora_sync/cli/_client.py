"""Whom the command asks: the service, or a sandbox that runs as long as the command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from publora_async import ConnectionList
from publora_sync.cli._shell import DASHBOARD, ask_for_key, note
from publora_sync.client import Publora

if TYPE_CHECKING:
    from publora_async.sandbox import Sandbox

__all__ = ["Opened", "list_one", "opened"]

_USERS = 100


class Opened(NamedTuple):
    """
    A client, and what is behind it.

    Attributes:
        client: What to ask with.

        service: The sandbox that answers. ``None``: Publora does.
    """

    client: Publora
    service: "Sandbox | None"


@contextmanager
def opened(*, sandbox: bool, hint: bool = False) -> Iterator[Opened]:
    """
    Open a client, as long as entered.

    Args:
        sandbox: Whether to start a sandbox and ask that.
        hint: Whether to name a user of the sandbox who has accounts of other kinds.

    Raises:
        Failure: There is no key, and nobody to type it in.
        ConfigurationError: The key or the base URL cannot be used.
    """
    if not sandbox:
        with Publora(ask_for_key()) as client:
            yield Opened(client, None)
        return
    # It brings a web server with it, which nothing else here needs.
    from publora_async.sandbox import Sandbox

    with (
        Sandbox(users=_USERS) as service,
        Publora(service.api_key, base_url=service.base_url) as client,
    ):
        others = f"; --user {service.user_ids[1]} has others" if hint else ""
        note(f"These accounts are made up{others}.")
        yield Opened(client, service)


def list_one(user_id: str | None, *, sandbox: bool) -> ConnectionList:
    """
    Ask about one managed user, or with ``None`` about the key's own account.

    Raises:
        PubloraError: It could not be found out.
        Failure: As for :func:`opened`.
    """
    with opened(sandbox=sandbox, hint=user_id is None) as (client, _):
        accounts = client.connections.list(user_id=user_id)
    if not accounts:
        note(f"No account is connected yet: connect some at {DASHBOARD}")
    return accounts
