"""``publora test``: has a platform say whether an account's credential works."""

import sys

import click

from publora_async import ConnectionTest, TestStatus
from publora_sync.cli._client import open_client
from publora_sync.cli._formats import escape
from publora_sync.cli._options import sandbox_option
from publora_sync.cli._shell import write
from publora_sync.cli._table import rows_to_text

__all__ = ["run_test"]

_EPILOG = """\
\b
Examples:
  publora test linkedin-Tz4NqVnrPU
  publora test telegram--1001234567890 --user 6626a1f5e4b0c91a2d3f4567
  publora test mastodon-1 > said || cat said

\b
Exit codes:
  0    the credential works
  1    it does not: the account has to be reconnected
  2    could not find out, stderr says why
"""


@click.command("test", epilog=_EPILOG)
@click.argument("platform_id", metavar="ID")
@click.option(
    "--user",
    "user_id",
    metavar="ID",
    help="The managed user whose account it is. Without it: the key's own. Takes a workspace key.",
)
@sandbox_option
def run_test(*, platform_id: str, user_id: str | None, sandbox: bool) -> None:
    """
    Have a platform say whether an account's credential works.

    ID is the platform id of the account, as publora connections lists it. Nothing is posted
    and nothing changed.
    """
    with open_client(sandbox=sandbox) as (client, _):
        result = client.connections.test(platform_id, user_id=user_id)
    write(_report(result))
    # A status that this version does not know is no verdict either way.
    codes: dict[str, int] = {TestStatus.OK: 0, TestStatus.ERROR: 1}
    sys.exit(codes.get(result.status, 2))


def _report(result: ConnectionTest) -> str:
    error, posted = result.last_error, result.last_successful_post
    parts = (
        ("STATUS", result.status),
        ("MESSAGE", result.message),
        ("ACCOUNT", "  ".join(filter(None, (result.username, result.platform_id)))),
        ("PERMISSIONS", ", ".join(result.permissions)),
        ("EXPIRES IN", result.token_expires_in),
        ("LAST POST", posted and f"{posted:%Y-%m-%d %H:%M} UTC"),
        ("LAST ERROR", error and error.message),
    )
    return rows_to_text([(title, escape(text)) for title, text in parts if text])
