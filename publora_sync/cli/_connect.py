"""``publora connect``: gives the link with which a managed user connects accounts."""

from datetime import timedelta

import click

from publora_sync.cli._client import OpenClient, find_user_id, open_client
from publora_sync.cli._formats import escape
from publora_sync.cli._platforms import complete_platform, platform_to_wait_for
from publora_sync.cli._settings import Settings, client_options, duration
from publora_sync.cli._shell import CommandError, note, write

__all__ = ["connect"]

_POLL_INTERVAL = 5.0  # seconds
_SANDBOX_POLL_INTERVAL = 0.5  # seconds
_SANDBOX_POLLS = 2

_EPILOG = """\
The link is the first line on stdout. With --wait, the platform id of the
account that was connected is the second. One that had expired and works
again counts, too.

\b
Examples:
  publora connect 6626a1f5e4b0c91a2d3f4567
  publora connect ann@example.com --days 7 --rotate
  publora connect 6626a1f5e4b0c91a2d3f4567 --wait linkedin --max-wait 1h
  publora connect $(publora users --sandbox --format ndjson \\
    | head -1 | jq -r ._id) --sandbox --wait linkedin

\b
Exit codes:
  0    there is the link, and the account that was waited for
  2    no link, or no account in time; stderr says why
  130  ended by Ctrl-C; the link works on
"""


@click.command(epilog=_EPILOG)
@click.argument("user", metavar="USER")
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=90,
    show_default=True,
    help="For how many days a new link works.",
)
@click.option(
    "--rotate", is_flag=True, help="Make a new link even if there is one; the old one then fails."
)
@click.option(
    "--wait",
    "platform",
    metavar="PLATFORM",
    callback=platform_to_wait_for,
    shell_complete=complete_platform,
    help="Wait until an account of this platform, such as linkedin, has been connected.",
)
@click.option(
    "--max-wait",
    type=duration,
    metavar="SPAN",
    default="10m",
    show_default=True,
    help="How long to wait for the account at most.",
)
@client_options
def connect(
    *,
    user: str,
    days: int,
    rotate: bool,
    platform: str | None,
    max_wait: timedelta,
    settings: Settings,
) -> None:
    """
    Print the link with which a managed user connects accounts.

    USER is the user's id or e-mail, as publora users lists them. Whoever has the link can connect
    accounts, so send it to the user and to nobody else. Takes a workspace key.
    """
    with open_client(settings) as opened:
        user_id = find_user_id(opened, user)
        link = opened.ask(
            opened.client.managed_users.connection_url,
            user_id,
            expires_in_days=days,
            rotate=rotate,
        )
        write(f"{escape(link.url)}\n")
        if link.token_expires_at:
            note(f"It works until {link.token_expires_at:%Y-%m-%d %H:%M} UTC.")
        if platform is not None:
            _wait(opened, user_id, platform, max_wait)


def _wait(opened: OpenClient, user_id: str, platform: str, timeout: timedelta) -> None:
    poll_interval = _POLL_INTERVAL
    if opened.sandbox is not None:
        poll_interval = _SANDBOX_POLL_INTERVAL
        try:
            opened.sandbox.connect(platform, user_id=user_id, after_polls=_SANDBOX_POLLS)
        except ValueError as error:
            raise CommandError(str(error)) from None
    note(f"Waiting until a {escape(platform)} account is connected; Ctrl-C ends the waiting.")
    account = opened.client.connections.wait_for(
        platform,
        user_id=user_id,
        timeout=timeout.total_seconds(),
        poll_interval=poll_interval,
    )
    name = account.display_name or account.username or "An account"
    note(f"{escape(name)} is connected:")
    write(f"{escape(account.platform_id)}\n")
