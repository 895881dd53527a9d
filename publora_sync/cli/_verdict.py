"""What ``publora check`` finds: the accounts that need attention, and how they are reported."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from publora_async import ConnectionList, JSONValue
from publora_async._display.urgency import Urgency, by_urgency
from publora_sync.cli._accounts import (
    FIELDS,
    AccountRow,
    Owner,
    account_rows,
    accounts_for_people,
    flat,
)
from publora_sync.cli._formats import to_csv, to_json, to_ndjson
from publora_sync.cli._options import Output
from publora_sync.cli._shell import is_terminal

__all__ = ["WHOSE", "Verdict", "whose"]

_SHOWN = ("status", "username", "displayName", "platformId", "reason")
WHOSE = ("userId", "userEmail", "userName")
"""The names under which programs are told whose an account is."""


class Verdict:
    """
    Collects the accounts that need attention, and reports them.

    Args:
        within: How soon an account has to expire to count. ``None`` means as Publora judges.

    Attributes:
        rows: The accounts that need attention.

        checked: How many accounts were judged.
    """

    def __init__(self, within: timedelta | None) -> None:
        self.rows: list[AccountRow] = []
        self.checked = 0
        self._within = within
        self._now = datetime.now(UTC)

    def add(self, accounts: ConnectionList, owner: Owner | None = None) -> None:
        """Judge the *accounts* of a user; no *owner* means the key's own account."""
        self.checked += len(accounts)
        found = accounts.needs_attention(self._within, now=self._now)
        self.rows += account_rows(found, self._now, within=self._within, owner=owner)

    @property
    def exit_code(self) -> int:
        """What the accounts so far make of the command's exit code."""
        if not self.rows:
            return 0
        return 3 if all(row.urgency is Urgency.NOT_KNOWN for row in self.rows) else 1

    @property
    def counts(self) -> str:
        """How many accounts there are, such as ``"3 now and 4 soon"``; empty for none."""
        found = Counter(row.urgency for row in self.rows)
        counts = ((Urgency.EXPIRED, "now"), (Urgency.EXPIRING, "soon"))
        return " and ".join(f"{found[one]} {when}" for one, when in counts if found[one])

    @property
    def unknown(self) -> str:
        """How many accounts are unknown, such as ``"2 are unknown"``; empty for none."""
        count = sum(row.urgency is Urgency.NOT_KNOWN for row in self.rows)
        return f"{count} {'is' if count == 1 else 'are'} unknown" if count else ""

    def headline(self, among: str, how: str, unasked: str = "") -> str:
        """Sum up: *among* how many accounts, *how* to reconnect them, and who was *unasked*."""
        unknown = f"{self.unknown}: publora test ID asks the platform" if self.unknown else ""
        buts = [but for but in (unknown, unasked) if but]
        if self.counts:
            lines = [f"Of {among}, reconnect {self.counts}{how}", *(f"{but}." for but in buts)]
        elif unasked and not self.checked:
            lines = [f"{unasked}."]  # nothing that reads like all is well
        else:
            but = f", but {'; '.join(buts)}" if buts else ""
            lines = [f"None of {among} has to be reconnected{but}."]
        return "".join(f"{line}\n" for line in lines)

    def report(
        self, output: Output, headline: str, failed: Sequence[Mapping[str, JSONValue]] = ()
    ) -> str:
        """Give all lines of output; *failed* are the users who could not be asked, in JSON."""
        rows = sorted(self.rows, key=lambda row: by_urgency(row.account, self._within, self._now))
        many = any(row.owner for row in rows) or bool(failed)
        objects = [{**whose(row.owner), **row.fields, "reason": row.reason} for row in rows]
        match output.form:
            case "json":
                return to_json(
                    {"accounts": self.checked, "attention": objects, "failed": list(failed)}
                )
            case "ndjson":
                return to_ndjson([*objects, *failed])
            case "csv":
                owner, error = (WHOSE, ("error",)) if many else ((), ())
                names = output.columns or (*owner, *FIELDS, "reason", *error)
                all_rows = map(flat, [*objects, *(failed if output.tells_failures else ())])
                return to_csv(names, all_rows, raw=output.raw, escaped=is_terminal(sys.stdout))
        if not rows:
            return headline
        shown = output.columns or (*(("who",) if many else ()), *_SHOWN)
        return f"{headline}\n{accounts_for_people(rows, shown, grouped=False)}"


def whose(owner: Owner | None) -> dict[str, JSONValue]:
    """Tell in JSON whose an account is; nothing for no *owner*."""
    return dict(zip(WHOSE, owner, strict=True)) if owner else {}
