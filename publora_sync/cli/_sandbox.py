"""``publora sandbox``: the stand-in for the service, in the foreground."""

from typing import Literal

import click

from publora_sync.cli import _help as epilogs
from publora_sync.cli._shell import Failure

__all__ = ["run_sandbox"]


@click.command("sandbox", epilog=epilogs.SANDBOX)
@click.option(
    "--port", type=int, default=8787, show_default=True, help="Where to listen; 0: any free port."
)
@click.option(
    "--users", type=int, default=1000, show_default=True, help="How many managed users there are."
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Another seed gives other data."
)
@click.option(
    "--form",
    type=click.Choice(["today", "contract"]),
    default="today",
    show_default=True,
    help="All the fields that connections have today, or the contract's five.",
)
def run_sandbox(*, port: int, users: int, seed: int, form: Literal["today", "contract"]) -> None:
    """
    Run a local stand-in for Publora until Ctrl-C.

    Its data is made up, and only programs on this machine can reach it.
    """
    from publora_async.sandbox import Sandbox, serve

    try:
        serve(Sandbox(port=port, users=users, seed=seed, form=form))
    except ValueError as error:
        raise Failure(str(error)) from None
    except OSError as error:
        raise Failure(str(error.strerror)) from None
