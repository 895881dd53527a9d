"""What a fan-out answers: one result for each managed user, and lists of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, overload

import attrs

from publora_async import _frames
from publora_async._introspection import LazyModule
from publora_async.connection_list import ConnectionList
from publora_async.errors import PubloraError, UsersFailedError
from publora_async.records import Row

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
else:
    pd, pl = LazyModule("pandas"), LazyModule("polars")

__all__ = ["UserConnections", "UserConnectionsList"]


@attrs.frozen
class UserConnections:
    """
    What came of asking about one managed user.

    Attributes:
        user_id: Whom it was asked about.

        connections: What is connected. ``None`` if it could not be found out.

        error: Why not. ``None`` if it was found out.

    Example:
        >>> answer = UserConnections("6626a1f5e4b0c91a2d3f4567", error=NotSentError("down"))
        >>> print(answer.user_id, answer.error or answer.connections.platform_ids)
        6626a1f5e4b0c91a2d3f4567 down
    """

    user_id: str
    connections: ConnectionList | None = None
    error: PubloraError | None = None

    def unwrap(self) -> ConnectionList:
        """
        The connections, or the error raised.

        Raises:
            PubloraError: *error*.
        """
        if self.connections is None:
            error = self.error or PubloraError(f"nothing is known of user {self.user_id}")
            # Else each time would lengthen the traceback that the error keeps.
            raise error.with_traceback(None)
        return self.connections


_COLUMNS: Mapping[str, _frames.Kind] = {"user_id": "text", **_frames.COLUMNS}


def _to_tuple(answers: Iterable[UserConnections]) -> tuple[UserConnections, ...]:
    return tuple(answers)


@attrs.frozen(repr=False)
class UserConnectionsList(Sequence[UserConnections]):
    """
    An immutable sequence of results, in the order in which the users were given.

    In a notebook it shows itself as a table of accounts.

    Example:
        >>> found = UserConnections("6626a1f5e4b0c91a2d3f4567", ConnectionList())
        >>> unknown = UserConnections("65c42e553a894a515bd1e995", error=NotSentError("down"))
        >>> UserConnectionsList([found, unknown])
        <UserConnectionsList of 2 users, 1 failed>
    """

    _answers: tuple[UserConnections, ...] = attrs.field(default=(), converter=_to_tuple)

    @overload
    def __getitem__(self, index: int) -> UserConnections: ...
    @overload
    def __getitem__(self, index: slice) -> "UserConnectionsList": ...
    def __getitem__(self, index: int | slice) -> "UserConnections | UserConnectionsList":
        if isinstance(index, slice):
            return UserConnectionsList(self._answers[index])
        return self._answers[index]

    def __len__(self) -> int:
        return len(self._answers)

    def __iter__(self) -> Iterator[UserConnections]:
        return iter(self._answers)

    def __repr__(self) -> str:
        return f"<UserConnectionsList of {len(self)} users, {len(self.failed)} failed>"

    @property
    def succeeded(self) -> "UserConnectionsList":
        """The results without an error."""
        return UserConnectionsList(some for some in self if some.error is None)

    @property
    def failed(self) -> "UserConnectionsList":
        """The results with an error."""
        return UserConnectionsList(some for some in self if some.error is not None)

    def raise_for_errors(self) -> None:
        """
        Raise if any user's connections could not be found out.

        Raises:
            UsersFailedError: A group of the users' errors, each with a note that names its user.
        """
        errors: list[PubloraError] = []
        for answer in self:
            if answer.error is not None:
                note = f"user {answer.user_id}"
                if note not in getattr(answer.error, "__notes__", ()):
                    answer.error.add_note(note)
                errors.append(answer.error)
        if errors:
            raise UsersFailedError(f"{len(errors)} of {len(self)} users failed", errors)

    def expired(self, *, now: datetime | None = None) -> "UserConnectionsList":
        """
        The users that must connect an account again, with those accounts only.

        Args:
            now: As for :meth:`ConnectionList.expired`.

        Raises:
            ConfigurationError: *now* is no datetime, or has no time zone.
        """
        return self._with_some(lambda connections: connections.expired(now=now))

    def expiring(
        self, within: timedelta | None = None, *, now: datetime | None = None
    ) -> "UserConnectionsList":
        """
        The users that will soon have to connect an account again, with those accounts only.

        Args:
            within: As for :meth:`ConnectionList.expiring`.
            now: As for :meth:`ConnectionList.expiring`.

        Raises:
            ConfigurationError: *within* is no duration or negative, or *now* is no aware datetime.
        """
        return self._with_some(lambda connections: connections.expiring(within, now=now))

    def _with_some(
        self, choose: Callable[[ConnectionList], ConnectionList]
    ) -> "UserConnectionsList":
        chosen = (
            UserConnections(answer.user_id, choose(answer.connections))
            for answer in self
            if answer.connections is not None
        )
        return UserConnectionsList(answer for answer in chosen if answer.connections)

    def to_records(self, *, now: datetime | None = None) -> list[Row]:
        """
        One row for each account, as :meth:`ConnectionList.to_records`, with *user_id* in front.

        Args:
            now: The moment to judge by, aware. ``None``: the present one.

        Raises:
            ConfigurationError: *now* is no datetime, or has no time zone.
        """
        return [
            {"user_id": answer.user_id, **row}
            for answer in self
            for row in (answer.connections or ConnectionList()).to_records(now=now)
        ]

    def to_pandas(self, *, time_zone: bool = True) -> "pd.DataFrame":
        """
        The rows of :meth:`to_records` as a pandas frame; times are ``datetime64`` in UTC.

        Args:
            time_zone: Whether the times say that they are in UTC. ``False`` is for spreadsheets,
                which know no time zones.

        Raises:
            ImportError: pandas is not installed.
        """
        return _frames.to_pandas(self.to_records(), _COLUMNS, time_zone=time_zone)

    def to_polars(self, *, time_zone: bool = True) -> "pl.DataFrame":
        """
        The rows of :meth:`to_records` as a polars frame; times are ``Datetime`` in UTC.

        Args:
            time_zone: Whether the times say that they are in UTC. ``False`` is for spreadsheets,
                which know no time zones.

        Raises:
            ImportError: polars is not installed.
        """
        return _frames.to_polars(self.to_records(), _COLUMNS, time_zone=time_zone)

    def _repr_html_(self) -> str:
        return _frames.to_html(self.to_records(), ("user_id", *_frames.SHOWN))
