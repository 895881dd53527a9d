"""The command's client, of Publora or of a sandbox that runs as long as the command."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click

from publora_async import ConnectionList
from publora_sync import Publora
from publora_sync.cli._shell import CommandError, is_terminal, note

if TYPE_CHECKING:
    from publora_async.sandbox import Sandbox

__all__ = ["DASHBOARD", "OpenClient", "list_connections", "open_client", "prompt_for_key"]

DASHBOARD = "https://app.publora.com"

_SANDBOX_USERS = 100


class OpenClient(NamedTuple):
    """
    An open client, and the service behind it.

    Attributes:
        client: The client.

        sandbox: The sandbox that serves it. ``None`` means that Publora does.
    """

    client: Publora
    sandbox: "Sandbox | None"


@contextmanager
def open_client(*, sandbox: bool, hint: bool = False) -> Iterator[OpenClient]:
    """
    Open a client while entered.

    Args:
        sandbox: Whether to start a sandbox for it.
        hint: Whether to name a user of the sandbox who has accounts of other kinds.

    Raises:
        CommandError: There is no key, and nobody to type it in.
        ConfigurationError: The key or the base URL cannot be used.
    """
    if not sandbox:
        with Publora(prompt_for_key()) as client:
            yield OpenClient(client, None)
        return
    # It brings a web server with it, which nothing else here needs.
    from publora_async.sandbox import Sandbox

    with (
        Sandbox(users=_SANDBOX_USERS) as service,
        Publora(service.api_key, base_url=service.base_url) as client,
    ):
        others = f"; --user {service.user_ids[1]} has others" if hint else ""
        note(f"These accounts are made up{others}.")
        yield OpenClient(client, service)


def list_connections(user_id: str | None, *, sandbox: bool) -> ConnectionList:
    """
    List the accounts of one managed user, or with ``None`` those of the key's own account.

    Raises:
        PubloraError: The accounts could not be listed.
        CommandError: There is no key, and nobody to type it in.
    """
    with open_client(sandbox=sandbox, hint=user_id is None) as (client, _):
        accounts = client.connections.list(user_id=user_id)
    if not accounts:
        note(f"No account is connected yet: connect some at {DASHBOARD}")
    return accounts


def prompt_for_key() -> str | None:
    """
    Ask for the key to be typed in, unless the environment has one.

    Returns:
        The key. ``None`` means that the environment has one, which the client reads by itself.

    Raises:
        CommandError: There is nobody to type it in.
    """
    if os.environ.get("PUBLORA_API_KEY"):
        return None
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise CommandError(
            f"no API key: create one at {DASHBOARD} under API and set PUBLORA_API_KEY"
        )
    key: str = click.prompt("API key (it does not show)", hide_input=True, err=True)
    return key
