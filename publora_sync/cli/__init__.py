"""The ``publora`` command. It needs the extra ``cli``; the rest of the package does not."""

import click

from publora_sync.cli import _help as epilogs
from publora_sync.cli._check import check
from publora_sync.cli._connections import connections
from publora_sync.cli._sandbox import run_sandbox
from publora_sync.cli._shell import Commands
from publora_sync.cli._users import connect, run_test, users

__all__ = ["publora"]


@click.group(
    cls=Commands,
    epilog=epilogs.PUBLORA,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="publora", message="%(prog)s %(version)s")
def publora() -> None:
    """
    See which social accounts are connected to Publora.

    Under which platform id, and which of them have to be reconnected: your own, or those of
    the users you manage.
    """


for _command in (connections, check, run_test, users, connect, run_sandbox):
    publora.add_command(_command)
