"""One request for each of many users: counted, shown as progress, summed up at the end."""

from collections.abc import Generator, Iterator, Sequence
from types import TracebackType
from typing import Self

import attrs
import click

from publora_async import ConnectionList, UserConnections
from publora_sync import Publora
from publora_sync.cli._formats import escape
from publora_sync.cli._progress import ProgressBar
from publora_sync.cli._shell import defer_ctrl_c, is_ctrl_c, note

__all__ = ["Run", "on_platforms"]


def on_platforms(accounts: ConnectionList, platforms: Sequence[str]) -> ConnectionList:
    """Select the accounts on any of *platforms*, in any case; all accounts if none is given."""
    wanted = {platform.casefold() for platform in platforms}
    return ConnectionList(
        account for account in accounts if not wanted or account.platform.casefold() in wanted
    )


class Run:
    """
    Asks about many users while entered, and iterates over their answers as they arrive.

    A user who fails is named on stderr at once, and the others go on. At the end a line on
    stderr sums up, also when Ctrl-C or a refused key ended it early.

    Args:
        client: The client to ask with.
        user_ids: The users to ask about.
        concurrency: How many to ask about at once.
        platforms: Keep only accounts on these platforms; all if none is given.

    Attributes:
        user_ids: The users to ask about.

        failed: How many users could not be asked about.

        found: How many accounts were found, on whatever platform.

        remark: What to add to the line that sums up.
    """

    def __init__(
        self,
        client: Publora,
        user_ids: Sequence[str],
        *,
        concurrency: int,
        platforms: Sequence[str] = (),
    ) -> None:
        self.user_ids = user_ids
        self.failed = self.found = 0
        self.remark = ""
        self._done = self._without_accounts = self._listed = 0
        self._platforms = platforms
        self._has_reader = True
        self._answers = client.connections.iter_many(user_ids, concurrency=concurrency)
        self._bar = ProgressBar(len(user_ids))
        self._counted = self._count()

    @property
    def succeeded(self) -> int:
        """How many users were asked about without a failure so far."""
        return self._done - self.failed

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __iter__(self) -> Iterator[UserConnections]:
        return self._counted

    def _count(self) -> Generator[UserConnections, None, None]:
        for answer in self._answers:
            # So that a user is counted if and only if the user's accounts are written.
            with defer_ctrl_c():
                if answer.error is not None:
                    message = escape(answer.error.summary)
                    self._bar.note(f"user {escape(answer.user_id)} failed: {message}")
                    yield answer
                    self.failed += 1
                else:
                    accounts = on_platforms(answer.connections, self._platforms)
                    yield attrs.evolve(answer, connections=accounts)
                    self._without_accounts += not answer.connections
                    self.found += len(answer.connections)
                    self._listed += len(accounts)
                self._done += 1
                self._bar.update(self._done, self.failed)

    def write(self, text: str) -> bool:
        """Write lines to stdout, and say whether to go on: whether there is still a reader."""
        self._has_reader = not text or self._bar.write(text)
        return self._has_reader

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._counted.close()
        self._answers.close()
        self._bar.stop()
        if kind is None:
            if self._has_reader:
                note(f"{self._summary()}.")
            return
        if not is_ctrl_c(error):
            note(f"Ended after {self._summary()}.")
            return
        if not self._bar.drawn:
            note("")
        note(f"Stopped by Ctrl-C after {self._summary()}.")
        raise click.exceptions.Exit(130)

    def _summary(self) -> str:
        accounts = f"{self.found} accounts"
        if self._platforms:
            accounts = f"{self._listed} of {accounts} on {' or '.join(self._platforms)}"
        return (
            f"{self._done} of {len(self.user_ids)} users, {self.failed} failed, "
            f"{self._without_accounts} without accounts; {accounts}{self.remark}"
        )
