"""The answers of a fan-out collected in one list, and a bar or a function told of each."""

import sys
import warnings
from collections.abc import Callable, Iterable, Sized
from types import TracebackType
from typing import Self, TypeAlias

from publora_async.errors import APIStatusError, ConfigurationError
from publora_async.user_connections import UserConnections, UserConnectionsList

__all__ = ["Collector", "Progress"]

Progress: TypeAlias = Callable[[int, int | None, int], object] | bool | None
"""``True`` draws a bar; a function is called with done, total or ``None``, and failed."""


class Collector:
    """
    Collects the numbered answers of a fan-out and reports its progress.

    Args:
        user_ids: Whom is asked about; only their number is of interest, if there is one.
        progress: How to report.

    Raises:
        ConfigurationError: *progress* is neither a function nor a truth value, or asks for a
            bar where tqdm is not installed.
    """

    def __init__(self, user_ids: object, progress: Progress) -> None:
        self._total = len(user_ids) if isinstance(user_ids, Sized) else None
        self._answers: dict[int, UserConnections] = {}
        self._failed = 0
        self._finish: Callable[[], object] = lambda: None
        self._report: Callable[[int, int | None, int], object] = lambda *_: None
        if progress is True:
            self._report, self._finish = _bar(self._total)
        elif callable(progress):
            self._report = progress
        elif progress is not None and progress is not False:
            raise ConfigurationError("progress must be True, None or a function")

    def add(self, number: int, answer: UserConnections) -> None:
        """Take in the answer of the user of that number."""
        self._answers[number] = answer
        self._failed += answer.error is not None
        self._report(len(self._answers), self._total, self._failed)

    def keep(self, numbered: Iterable[tuple[int, UserConnections]]) -> None:
        """Take in answers, some perhaps a second time, without reporting them."""
        self._answers.update(numbered)

    def in_order(self) -> UserConnectionsList:
        """Give what was taken in, in the order in which the users were given."""
        return UserConnectionsList(answer for _, answer in sorted(self._answers.items()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._finish()
        results = self.in_order()
        if isinstance(error, APIStatusError | ConfigurationError):
            error.results = results
        elif error is not None and results:
            # Ctrl-C, for one: nothing that was answered is given up.
            error.results = results  # type: ignore[attr-defined]  # any exception takes attributes
            of = "" if self._total is None else f" of {self._total}"
            error.add_note(f"{len(results)}{of} users were answered: they are its results")


def _bar(
    total: int | None,
) -> tuple[Callable[[int, int | None, int], object], Callable[[], object]]:
    try:
        from tqdm import TqdmWarning

        with warnings.catch_warnings():
            # Without ipywidgets a notebook gets the bar as text, which is no cause for alarm;
            # it is this import that warns.
            warnings.simplefilter("ignore", TqdmWarning)
            from tqdm.auto import tqdm
    except ImportError:
        tqdm = None
    if tqdm is None:
        raise ConfigurationError("progress=True needs tqdm: pip install tqdm")
    # A program without a console, such as one of pythonw's, has no stderr.
    bar = tqdm(total=total, unit=" users", disable=sys.stderr is None)

    def report(done: int, _: int | None, failed: int) -> None:
        if failed:
            bar.set_postfix(failed=failed, refresh=False)
        bar.update(done - bar.n)

    return report, bar.close
