"""One request for each of many users: counted, shown as progress, summed up at the end."""

import logging
import multiprocessing
import signal
from collections import Counter
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from types import TracebackType
from typing import Self

import attrs
import click

from publora_async import APIStatusError, JSONValue, UserConnections, UserFailed
from publora_sync.cli._accounts import Owner
from publora_sync.cli._client import OpenClient, attempts_handler, tell_of_silence
from publora_sync.cli._formats import counted, escape
from publora_sync.cli._options import UserSelection
from publora_sync.cli._platforms import PlatformFilter
from publora_sync.cli._progress import ProgressBar
from publora_sync.cli._settings import Settings
from publora_sync.cli._shell import complain, defer_ctrl_c, is_ctrl_c, is_quiet, note

__all__ = ["Run", "error_to_dict"]


def error_to_dict(answer: UserFailed) -> dict[str, JSONValue]:
    """Tell in JSON of a user who could not be asked about, and why."""
    error = answer.error
    status = error.status if isinstance(error, APIStatusError) else None
    said: dict[str, JSONValue] = {
        "type": type(error).__name__,
        "status": status,
        "message": error.summary,
    }
    return {"userId": answer.user_id, "error": said}


class Run:
    """
    Asks about many users while entered, and iterates over their answers as they arrive.

    A user who fails is named on stderr at once, and the others go on. At the end a line on
    stderr sums up, also when Ctrl-C or a refused key ended it early.

    Args:
        opened: The client to ask with.
        selection: The users to ask about, and how many at once by how many processes.
        platforms: Which accounts to keep.

    Raises:
        PubloraError: The users could not be listed.
        CommandError: No user has an e-mail that was given.

    Attributes:
        owners: The users to ask about, by id.

        failures: What became of the users who could not be asked about.

        found: How many accounts were found, on whatever platform.

        has_reader: Whether somebody still reads what is written.

        remark: What to add to the line that sums up.
    """

    def __init__(
        self, opened: OpenClient, selection: UserSelection, platforms: PlatformFilter
    ) -> None:
        users, workers = selection.of(opened), selection.workers
        self.owners = {owner.id: owner for owner in map(Owner.of, users)}
        self.failures: list[UserFailed] = []
        self.found = 0
        self.remark = ""
        self._total = len(users)
        self._done = self._without_accounts = self._listed = 0
        self._platforms = platforms
        self.has_reader = True
        self._settings = opened.settings
        self._pool = _open_pool(workers, opened.settings) if workers > 1 else None
        self._answers = opened.client.connections.iter_many(
            users,
            concurrency=selection.concurrency,
            executor=self._pool,
            workers=workers if self._pool else None,
            # A key that was typed in is in no environment, and it stays on this machine.
            send_key=self._pool is not None,
        )
        # The lines that --verbose writes would run into it.
        self._bar = ProgressBar(self._total, quiet=is_quiet() or opened.settings.verbose)
        self._counted = self._count()

    @property
    def succeeded(self) -> int:
        """How many users were asked about without a failure so far."""
        return self._done - len(self.failures)

    @property
    def unasked(self) -> str:
        """How many users could not be asked about so far, and why; empty for none."""
        causes = Counter(answer.error.summary for answer in self.failures).most_common()
        why = "; ".join(f"{count} x {escape(cause)}" for cause, count in causes[:3])
        more = "; others" if len(causes) > 3 else ""
        failed = len(self.failures)
        among = f"{failed} of {counted(self._total, 'user')}"
        return f"{among} could not be asked: {why}{more}" if failed else ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __iter__(self) -> Iterator[UserConnections]:
        return self._counted

    def _count(self) -> Generator[UserConnections, None, None]:
        for answer in self._arriving():
            # So that a user is counted if and only if the user's accounts are written.
            with defer_ctrl_c():
                if answer.error is not None:
                    message = escape(answer.error.summary)
                    self._bar.note(f"user {self.owners[answer.user_id]} failed: {message}")
                    yield answer
                    self.failures.append(answer)
                else:
                    accounts = self._platforms(answer.connections)
                    yield attrs.evolve(answer, connections=accounts)
                    self._without_accounts += not answer.connections
                    self.found += len(answer.connections)
                    self._listed += len(accounts)
                self._done += 1
                self._bar.update(self._done, len(self.failures))

    def _arriving(self) -> Iterator[UserConnections]:
        with tell_of_silence(self._settings, self._bar.note):
            first = next(self._answers, None)
        if first is not None:
            yield first
            yield from self._answers

    def write(self, text: str) -> bool:
        """Write lines to stdout, and say whether to go on: whether there is still a reader."""
        self.has_reader = not text or self._bar.write(text)
        return self.has_reader

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._counted.close()
        self._answers.close()
        if self._pool is not None:
            _end_pool(self._pool, early=self._done < self._total)
        self._bar.stop()
        if kind is None:
            if self.has_reader:
                note(f"{self._summary()}.")
            return
        if not is_ctrl_c(error):
            note(f"Ended after {self._summary()}.")
            return
        if not self._bar.drawn:
            complain("")
        note(f"Stopped by Ctrl-C after {self._summary()}.")
        raise click.exceptions.Exit(130)

    def _summary(self) -> str:
        accounts = counted(self.found, "account")
        if self._platforms:
            accounts = f"{self._listed} of {accounts} on {self._platforms}"
        return (
            f"{self._done} of {counted(self._total, 'user')}, {len(self.failures)} failed, "
            f"{self._without_accounts} without accounts; {accounts}{self.remark}"
        )


def _open_pool(workers: int, settings: Settings) -> ProcessPoolExecutor:
    """Make a pool of so many processes; they start with the first work."""
    # Not by fork: there are threads already.
    known = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in known else "spawn")
    context.set_forkserver_preload(["publora_sync._executors.worker"])
    return ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(settings,)
    )


def _end_pool(pool: ProcessPoolExecutor, *, early: bool) -> None:
    """
    End the processes.

    Args:
        pool: The pool.
        early: Whether they are in the middle of something that nobody waits for.
    """
    if early:
        for process in multiprocessing.active_children():
            process.terminate()
    pool.shutdown(cancel_futures=True)


def _begin(settings: Settings) -> None:
    # Ctrl-C is for the process that waits for this one, and ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if settings.verbose:
        logger = logging.getLogger("publora_async")
        logger.addHandler(attempts_handler())
        logger.setLevel(logging.DEBUG)
