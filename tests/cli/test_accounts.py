"""Accounts in words: how urgent, why, and whose."""

from datetime import UTC, datetime, timedelta

import pytest

from publora_async import Connection, ConnectionList, ManagedUser, TokenStatus
from publora_async._display.urgency import Urgency
from publora_sync.cli import _accounts
from publora_sync.cli._accounts import (
    SHOWN,
    AccountRow,
    Owner,
    account_rows,
    accounts_for_people,
)

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


def judged(
    status: str | None = None, *, within: timedelta | None = None, **left: float
) -> AccountRow:
    """An account of that status that expires after the time *left*."""
    date = NOW + timedelta(**left) if left else None
    account = Connection(platform_id="x-1", token_status=status, access_token_expires_at=date)
    (row,) = account_rows(ConnectionList([account]), NOW, within=within)
    return row


@pytest.mark.parametrize(
    ("row", "urgency", "reason"),
    [
        (judged(), Urgency.NONE, ""),
        (judged(days=400), Urgency.NONE, ""),
        (judged(days=400, within=timedelta(days=500)), Urgency.EXPIRING, "expires in 400 days"),
        (judged(days=2), Urgency.EXPIRING, "expires in 2 days"),
        (judged(days=2, seconds=-1), Urgency.EXPIRING, "expires in 47 hours"),
        (judged(hours=2), Urgency.EXPIRING, "expires in 2 hours"),
        (judged(hours=2, seconds=-1), Urgency.EXPIRING, "expires in 119 min"),
        (judged(seconds=59), Urgency.EXPIRING, "expires in 0 min"),
        (judged(TokenStatus.EXPIRING_SOON), Urgency.EXPIRING, "Publora says so"),
        (judged(TokenStatus.EXPIRING_SOON, days=5, within=timedelta(days=1)), Urgency.NONE, ""),
        (judged(TokenStatus.EXPIRED), Urgency.EXPIRED, "Publora says so"),
        (judged(TokenStatus.EXPIRED, days=3), Urgency.EXPIRED, "Publora says so"),
        (judged(days=-12), Urgency.EXPIRED, "expired 12 days ago"),
        (judged(minutes=-5), Urgency.EXPIRED, "expired 5 min ago"),
        (judged(TokenStatus.UNKNOWN), Urgency.NOT_KNOWN, "Publora cannot tell"),
        (judged("being_reviewed"), Urgency.NOT_KNOWN, "Publora cannot tell"),
    ],
)
def test_each_account_has_its_urgency_and_its_reason(
    row: AccountRow, urgency: Urgency, reason: str
) -> None:
    assert (row.urgency, row.reason) == (urgency, reason)


@pytest.mark.parametrize(
    ("status", "words", "mark"),
    [
        ("valid", "valid", "✓"),
        ("expiring_soon", "expiring soon", "!"),
        ("expired", "expired", "✗"),
        ("unknown", "unknown", "?"),
        ("being_\x1breviewed", r"being \x1breviewed", "?"),
    ],
)
def test_a_status_is_called_as_in_the_sdk(status: str, words: str, mark: str) -> None:
    (cell,) = judged(status).cells(["status"])
    assert (cell.text, cell.mark) == (words, mark)


def test_the_words_of_the_sdk_are_beside_the_wires_and_above_them() -> None:
    account = Connection(platform_id="x-1", extra={"platform": "mine", "userId": "not mine"})
    (row,) = account_rows(ConnectionList([account]), NOW, owner=Owner("u1"))
    assert row.fields == {
        **account.to_dict(),
        "userId": "u1",
        "platform": "x",
        "status": "valid",
        "needsReconnect": False,
    }
    assert next(iter(row.fields)) == "userId"


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("u1", "u1"),
        (ManagedUser(id="u1"), "u1"),
        (ManagedUser(id="u1", display_name="Ann \x1bLee"), r"u1 (Ann \x1bLee)"),
        (ManagedUser(id="u1", display_name="Ann", email="a@example.com"), "u1 (a@example.com)"),
    ],
)
def test_an_owner_is_told_by_e_mail_or_name_where_one_is_known(
    user: str | ManagedUser, words: str
) -> None:
    assert str(Owner.of(user)) == words


def test_a_table_has_each_users_accounts_below_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_accounts, "is_terminal", lambda _: True)
    accounts = ConnectionList([Connection(platform_id="x-1"), Connection(platform_id="y-1")])
    rows = account_rows(accounts, NOW, owner=Owner("u1", "ann@example.com"))
    monkeypatch.setattr("publora_sync.cli._table.is_terminal", lambda _: True)
    monkeypatch.setenv("COLUMNS", "100")
    shown = accounts_for_people(rows, SHOWN).splitlines()
    assert [line.split()[0] for line in shown[2:]] == ["u1", "x", "y"]
    shown = accounts_for_people(rows, ["userId", "platform"]).splitlines()
    assert [line.split() for line in shown[2:]] == [["u1", "x"], ["u1", "y"]]
