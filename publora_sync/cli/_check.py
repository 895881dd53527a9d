"""``publora check``, about one account or many users."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import click

from publora_async import ConnectionList
from publora_sync.cli import _help as epilogs
from publora_sync.cli._client import list_one, opened
from publora_sync.cli._options import choose, sandbox_option, span, users_options
from publora_sync.cli._run import Run
from publora_sync.cli._shell import DASHBOARD, write
from publora_sync.cli._table import Shown, for_people, show_all

__all__ = ["check"]


class _Verdict:
    """
    Which accounts have to be reconnected, and how to say it.

    Args:
        within: How soon is soon. ``None``: as Publora judges.

    Attributes:
        shown: Those accounts.
    """

    def __init__(self, within: timedelta | None) -> None:
        self.shown: list[Shown] = []
        self._within = within
        self._now = datetime.now(UTC)
        self._expired = self._soon = 0

    def judge(self, accounts: ConnectionList, user_id: str = "") -> None:
        """Take in the *accounts* of a user; an empty *user_id* is the key's own account."""
        expired = accounts.expired(now=self._now)
        soon = accounts.expiring(self._within, now=self._now)
        self._expired += len(expired)
        self._soon += len(soon)
        self.shown += show_all(ConnectionList([*expired, *soon]), soon, self._now, user_id)

    @property
    def counts(self) -> str:
        """How many, such as ``"3 now and 4 soon"``; empty for none."""
        counts = ((self._expired, "now"), (self._soon, "soon"))
        return " and ".join(f"{count} {when}" for count, when in counts if count)

    def report(self, among: str, how: str) -> str:
        """Say it all: *among* how many accounts, and *how* to reconnect them."""
        if not self.shown:
            return f"None of {among} has to be reconnected.\n"
        return f"Of {among}, reconnect {self.counts}{how}\n\n{for_people(self.shown)}"


@click.command(epilog=epilogs.CHECK)
@click.option(
    "--within",
    type=span,
    metavar="SPAN",
    help="How soon is soon, such as 7d, 36h or 2w. Without it: as Publora judges.",
)
@users_options
@sandbox_option
def check(
    *,
    within: timedelta | None,
    user_ids: Sequence[str],
    from_file: Sequence[str] | None,
    all_users: bool,
    concurrency: int,
    sandbox: bool,
) -> None:
    """
    Check whether accounts have to be reconnected.

    That is where a credential has expired, was revoked or will expire soon. Prints which
    accounts, and where to reconnect them.
    """
    users = choose(user_ids, from_file, all_users=all_users)
    if not users.many:
        verdict = _Verdict(within)
        accounts = list_one(users.one, sandbox=sandbox)
        verdict.judge(accounts)
        write(verdict.report(f"{len(accounts)} accounts", f" at {DASHBOARD}"))
        sys.exit(1 if verdict.shown else 0)
    with (
        opened(sandbox=sandbox) as (client, _),
        Run(client, users.ids(client), concurrency=concurrency) as run,
    ):
        verdict = _check_many(run, within)
    sys.exit(2 if run.failed else 1 if verdict.shown else 0)


def _check_many(run: Run, within: timedelta | None) -> _Verdict:
    verdict = _Verdict(within)
    try:
        for answer in run:
            verdict.judge(answer.connections or ConnectionList(), answer.user_id)
    except BaseException:
        # That there is nothing to reconnect cannot be said half-way.
        if verdict.shown:
            _write(run, verdict)
        raise
    _write(run, verdict)
    return verdict


def _write(run: Run, verdict: _Verdict) -> None:
    run.verdict = f"; to reconnect: {verdict.counts or 'none'}"
    among = f"{run.found} accounts of {run.answered} users"
    run.write(verdict.report(among, ": publora connect USER gives each a link"))
