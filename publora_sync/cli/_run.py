"""One fan-out as the shell sees it: counted, drawn, and summed up however it ends."""

from collections.abc import Generator, Iterator, Sequence
from types import TracebackType
from typing import Self

import click

from publora_async import ConnectionList, UserConnections
from publora_sync.cli._formats import escape
from publora_sync.cli._progress import Bar
from publora_sync.cli._shell import came_of_ctrl_c, note, unbroken
from publora_sync.client import Publora

__all__ = ["Run", "on_platforms"]


def on_platforms(accounts: ConnectionList, platforms: Sequence[str]) -> ConnectionList:
    """Those of *accounts* that are on one of *platforms*, in any case; all if none is given."""
    wanted = {platform.casefold() for platform in platforms}
    return ConnectionList(
        account for account in accounts if not wanted or account.platform.casefold() in wanted
    )


class Run:
    """
    Asks about many users while entered, and iterates over what comes of it.

    A user who fails is named on stderr at once and ends nothing. At the end a line on stderr
    sums up, also where Ctrl-C or a refused key was the end.

    Args:
        client: What to ask with.
        user_ids: Whom to ask about.
        concurrency: How many at once.
        platforms: On which platforms accounts are wanted; on all if none is given.

    Attributes:
        user_ids: Whom to ask about.

        failed: How many users it could not be found out about.

        found: How many accounts there are on whatever platform.

        verdict: What else to say in the summary.
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
        self.verdict = ""
        self._done = self._bare = self._listed = 0
        self._platforms = platforms
        self._has_reader = True
        self._answers = client.connections.iter_many(user_ids, concurrency=concurrency)
        self._bar = Bar(len(user_ids))
        self._each = self._all()

    @property
    def answered(self) -> int:
        """About how many users it was found out."""
        return self._done - self.failed

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __iter__(self) -> Iterator[UserConnections]:
        return self._each

    def _all(self) -> Generator[UserConnections, None, None]:
        for answer in self._answers:
            # Whoever is counted has been written, too, and the other way round.
            with unbroken():
                if answer.connections is None:
                    message = escape(str(answer.error))
                    self._bar.note(f"user {escape(answer.user_id)} failed: {message}")
                    yield answer
                    self.failed += 1
                else:
                    accounts = on_platforms(answer.connections, self._platforms)
                    yield UserConnections(answer.user_id, accounts)
                    self._bare += not answer.connections
                    self.found += len(answer.connections)
                    self._listed += len(accounts)
                self._done += 1
                self._bar.show(self._done, self.failed)

    def write(self, text: str) -> bool:
        """Write lines of the answer, and say whether to go on: whether there is a reader."""
        self._has_reader = not text or self._bar.write(text)
        return self._has_reader

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._each.close()
        self._answers.close()
        self._bar.stop()
        if kind is None:
            if self._has_reader:
                note(f"{self._summary()}.")
            return
        if not came_of_ctrl_c(error):
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
            f"{self._bare} without accounts; {accounts}{self.verdict}"
        )
