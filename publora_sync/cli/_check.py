"""``publora check``: tells which accounts of one user or many have to be reconnected."""

import sys
from collections.abc import Sequence
from datetime import timedelta

import click

from publora_async import PubloraError
from publora_sync.cli._accounts import (
    FIELDS,
    STATUS_HELP,
    AccountRow,
    Owner,
)
from publora_sync.cli._client import DASHBOARD, OpenClient, list_connections, open_client
from publora_sync.cli._formats import counted
from publora_sync.cli._options import Output, UserSelection, output_options, users_options
from publora_sync.cli._platforms import PlatformFilter, platform_option
from publora_sync.cli._run import Run, error_to_dict
from publora_sync.cli._settings import Settings, client_options, duration
from publora_sync.cli._shell import write
from publora_sync.cli._verdict import WHOSE, Verdict, whose

__all__ = ["check"]

_AT_DASHBOARD = f" at {DASHBOARD}"
_NOBODY = "There are no users.\n"
_BY_LINK = ": publora connect USER gives each a link"

_EPILOG = f"""\
{STATUS_HELP}
\b
The most urgent account comes first: expired, then what expires soonest, then
unknown. json is {{"accounts": how many were checked, "attention": [...],
"failed": [{{"userId", "error"}}, ...]}}; ndjson and csv have a line an account,
with "reason", where there are many users with "userEmail" and "userName", and
then a line with "error" for each user who could not be asked (csv with
--columns: only if "error" is one of them).
--columns takes these names and those of publora connections --help.

\b
Examples:
  publora check                 as Publora judges: under 7 days, TikTok 30
  publora check --within 2w     w, d, h, m, s: weeks, days, hours, ...
  publora check --all-users --within 14d --platform linkedin
  publora check --users-file customers.txt --format csv > reconnect.csv

\b
In a script, take what could not be found out for neither answer:
  publora check --all-users > list
  case $? in
    0) ;;                                        # all is well
    1) mail -s "Reconnect" me@example.com < list ;;
    3) mail -s "Unknown" me@example.com < list ;;
    *) echo "could not find out" >&2             # an outage, ...
       if [ -s list ]; then                      # or only about some users
         mail -s "Checked in part" me@example.com < list
       fi ;;
  esac

\b
Many users (--users-file, --all-users, or --user more than once):
  A user who fails ends nothing: stderr names each ("user ID failed: why")
  and sums up. A users file has one id or e-mail a line, and blank lines
  and # comments.

\b
Environment: HTTPS_PROXY, SSL_CERT_FILE and others; see publora --help.

\b
Exit codes:
  0    no account has to be reconnected, also where there are no users
  1    some have to be, now or soon
  2    could not find out, or not about every user; stderr says why
  3    none has to be, as far as Publora knows, but some are unknown
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--within",
    type=duration,
    metavar="SPAN",
    help="How soon is soon, such as 7d, 36h or 2w. Without it: as Publora judges.",
)
@users_options
@platform_option
@output_options((*WHOSE, *FIELDS, "reason", "error"))
@client_options
def check(
    *,
    within: timedelta | None,
    users: UserSelection,
    platforms: Sequence[str],
    output: Output,
    settings: Settings,
) -> None:
    """
    Check whether accounts have to be reconnected.

    That is where a credential has expired, was revoked or will expire soon. Prints which
    accounts and why, and where to reconnect them.
    """
    wanted, verdict = PlatformFilter(platforms), Verdict(within)
    if users.many:
        failed = _check_many(users, wanted, verdict, output, settings)
    else:
        failed = 0
        verdict.add(wanted(list_connections(users.one, settings)))
        wanted.check()
        among = f"{counted(verdict.checked, 'account')}{wanted.words}"
        headline = verdict.headline(among, _BY_LINK if users.one else _AT_DASHBOARD)
        write(verdict.report(output, headline))
    sys.exit(2 if failed else verdict.exit_code)


def _check_many(
    users: UserSelection,
    wanted: PlatformFilter,
    verdict: Verdict,
    output: Output,
    settings: Settings,
) -> int:
    """Check many users; give how many could not be asked about."""
    with open_client(settings) as opened, Run(opened, users, wanted) as run:
        try:
            for answer in run:
                if answer.connections is not None:
                    verdict.add(answer.connections, run.owners[answer.user_id])
            wanted.check()
            verdict.rows = _named(opened, verdict.rows)
        except BaseException:
            # Before all users are checked, nobody knows that there is nothing to reconnect.
            if verdict.rows:
                _write(run, wanted, verdict, output)
            raise
        _write(run, wanted, verdict, output)
    return len(run.failures)


def _named(opened: OpenClient, rows: list[AccountRow]) -> list[AccountRow]:
    """Find out who the owners are of whom only the id is known."""
    if all(row.owner and (row.owner.email or row.owner.name) for row in rows):
        return rows
    try:
        owners = {user.id: Owner.of(user) for user in opened.ask(opened.client.managed_users.list)}
    except PubloraError:
        return rows  # an id tells who it is, too
    return [
        row._replace(owner=owners.get(row.owner.id, row.owner) if row.owner else None)
        for row in rows
    ]


def _none_of(run: Run) -> str:
    """Say that nothing is known to have to be reconnected, and of whom that is known."""
    if run.succeeded == len(run.owners):
        return "none"
    if run.succeeded:
        return "none of those asked"
    return f"not known of {counted(len(run.owners), 'user')}"


def _write(run: Run, wanted: PlatformFilter, verdict: Verdict, output: Output) -> None:
    unknown = f", {verdict.unknown}" if verdict.unknown else ""
    run.remark = f"; to reconnect: {verdict.counts or _none_of(run)}{unknown}"
    accounts = f"{counted(verdict.checked, 'account')}{wanted.words}"
    among = f"{accounts} of {counted(run.succeeded, 'user')}"
    headline = verdict.headline(among, _BY_LINK, run.unasked) if run.owners else _NOBODY
    failed = [
        {**whose(run.owners[answer.user_id]), **error_to_dict(answer)} for answer in run.failures
    ]
    run.write(verdict.report(output, headline, failed))
