"""``publora check``: tells which accounts of one user or many have to be reconnected."""

import sys
from datetime import UTC, datetime, timedelta

import click

from publora_async import ConnectionList
from publora_sync.cli._client import DASHBOARD, list_connections, open_client
from publora_sync.cli._options import UserSelection, duration, sandbox_option, users_options
from publora_sync.cli._run import Run
from publora_sync.cli._shell import write
from publora_sync.cli._table import AccountRow, account_rows, accounts_for_people

__all__ = ["check"]

_EPILOG = """\
\b
Examples:
  publora check                 as Publora judges: under 7 days, TikTok 30
  publora check --within 2w     w, d, h, m, s: weeks, days, hours, ...
  publora check --all-users --within 14d
  publora check --users-file customers.txt
  publora check > list || [ $? = 2 ] || mail -s Reconnect a@example.com < list

\b
Many users (--users-file, --all-users, or --user more than once):
  The accounts are printed at the end, each with its user. A user who fails
  ends nothing: stderr names each ("user ID failed: why") and sums up. A
  users file has one id a line, and blank lines and # comments.

\b
Exit codes:
  0    no account has to be reconnected
  1    some have to be, now or soon
  2    could not find out, or not about every user; stderr says why
"""


class _Verdict:
    """
    Collects the accounts that have to be reconnected, and reports them.

    Args:
        within: How soon an account has to expire to count. ``None`` means as Publora judges.

    Attributes:
        rows: The accounts that have to be reconnected.
    """

    def __init__(self, within: timedelta | None) -> None:
        self.rows: list[AccountRow] = []
        self._within = within
        self._now = datetime.now(UTC)
        self._expired = self._expiring = 0

    def add(self, accounts: ConnectionList, user_id: str = "") -> None:
        """Judge the *accounts* of a user; an empty *user_id* means the key's own account."""
        expired = accounts.expired(now=self._now)
        expiring = accounts.expiring(self._within, now=self._now)
        self._expired += len(expired)
        self._expiring += len(expiring)
        found = ConnectionList([*expired, *expiring])
        self.rows += account_rows(found, expiring, self._now, user_id)

    @property
    def counts(self) -> str:
        """How many accounts there are, such as ``"3 now and 4 soon"``; empty for none."""
        counts = ((self._expired, "now"), (self._expiring, "soon"))
        return " and ".join(f"{count} {when}" for count, when in counts if count)

    def report(self, among: str, how: str) -> str:
        """Give all lines of output: *among* how many accounts, and *how* to reconnect them."""
        if not self.rows:
            return f"None of {among} has to be reconnected.\n"
        return f"Of {among}, reconnect {self.counts}{how}\n\n{accounts_for_people(self.rows)}"


@click.command(epilog=_EPILOG)
@click.option(
    "--within",
    type=duration,
    metavar="SPAN",
    help="How soon is soon, such as 7d, 36h or 2w. Without it: as Publora judges.",
)
@users_options
@sandbox_option
def check(*, within: timedelta | None, users: UserSelection, sandbox: bool) -> None:
    """
    Check whether accounts have to be reconnected.

    That is where a credential has expired, was revoked or will expire soon. Prints which
    accounts, and where to reconnect them.
    """
    if not users.many:
        verdict = _Verdict(within)
        accounts = list_connections(users.one, sandbox=sandbox)
        verdict.add(accounts)
        write(verdict.report(f"{len(accounts)} accounts", f" at {DASHBOARD}"))
        sys.exit(1 if verdict.rows else 0)
    with (
        open_client(sandbox=sandbox) as (client, _),
        Run(client, users.ids(client), concurrency=users.concurrency) as run,
    ):
        verdict = _check_many(run, within)
    sys.exit(2 if run.failed else 1 if verdict.rows else 0)


def _check_many(run: Run, within: timedelta | None) -> _Verdict:
    verdict = _Verdict(within)
    try:
        for answer in run:
            verdict.add(answer.connections or ConnectionList(), answer.user_id)
    except BaseException:
        # Before all users are checked, nobody knows that there is nothing to reconnect.
        if verdict.rows:
            _write(run, verdict)
        raise
    _write(run, verdict)
    return verdict


def _write(run: Run, verdict: _Verdict) -> None:
    run.remark = f"; to reconnect: {verdict.counts or 'none'}"
    among = f"{run.found} accounts of {run.succeeded} users"
    run.write(verdict.report(among, ": publora connect USER gives each a link"))
