"""``publora sandbox``: the stand-in for the service, in the foreground."""

from typing import Literal

import click

from publora_sync.cli._shell import CommandError

__all__ = ["run_sandbox"]

_EPILOG = """\
\b
Once it listens, the first two lines on stdout are
  PUBLORA_BASE_URL=http://127.0.0.1:8787/api/v1
  PUBLORA_API_KEY=sk_sandbox.workspace

\b
Examples:
  publora sandbox
  publora sandbox --port 0 --users 1000000
  curl http://127.0.0.1:8787/api/v1/platform-connections \\
    -H "x-publora-key: YOUR_API_KEY"

\b
Exit codes:
  0    ended, by Ctrl-C or SIGTERM
  2    wrong usage, or the port is taken
"""


@click.command("sandbox", epilog=_EPILOG)
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
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(str(error.strerror)) from None
