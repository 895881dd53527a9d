"""The verdict of ``publora check``, away from the command."""

from datetime import UTC, datetime, timedelta

from publora_async import Connection, ConnectionList
from publora_sync.cli._verdict import Verdict


def test_all_accounts_are_judged_by_the_moment_at_which_the_check_began() -> None:
    verdict = Verdict(None)
    verdict._now = datetime(2026, 10, 1, tzinfo=UTC)
    date = verdict._now + timedelta(days=3)
    account = Connection(platform_id="linkedin-1", access_token_expires_at=date)
    verdict.add(ConnectionList([account]))
    assert verdict.counts == "1 soon"
