"""What a fan-out answers: one result for each managed user, and lists of them."""

from abc import ABC
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, NoReturn, TypeAlias, overload

import attrs

from publora_async._checks import check_moment
from publora_async._display.frames import COLUMNS, Kind, to_json
from publora_async._display.lists import Plotted
from publora_async._display.shown import Shown
from publora_async._display.urgency import by_urgency, check_horizon
from publora_async._introspection import AsList, AsObject, AsUnion, LazyModule
from publora_async.connection_list import ConnectionList
from publora_async.errors import PubloraError, UsersFailedError
from publora_async.managed_users import ManagedUser
from publora_async.records import Row

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from publora_async._display import words
else:
    from typing import TypeVar

    words = LazyModule("publora_async._display.words")

__all__ = ["UserConnections", "UserConnectionsList", "UserFailed", "UserSucceeded"]


@attrs.frozen
class UserSucceeded(AsObject, Shown):
    """
    A managed user whose connections were listed.

    Attributes:
        user_id: Whom it was asked about.

        connections: What is connected.

        user: The :class:`ManagedUser` that the fan-out was given. ``None`` if it was given an id.

        error: Always ``None``.

    Example:
        >>> answer = UserSucceeded("6626a1f5e4b0c91a2d3f4567", ConnectionList())
        >>> print(answer.user_id, answer.error or answer.connections.platform_ids)
        6626a1f5e4b0c91a2d3f4567 []
    """

    user_id: str
    connections: ConnectionList
    user: ManagedUser | None = None
    if TYPE_CHECKING:  # pyright takes no ClassVar for a property of UserResult
        error: None = attrs.field(default=None, init=False)
    else:
        error: ClassVar[None] = None

    def unwrap(self) -> ConnectionList:
        """The connections."""
        return self.connections

    def _table(self, now: datetime, most: int, /) -> "words.Table":
        return _table([self], now, most)


@attrs.frozen
class UserFailed(AsObject, Shown):
    """
    A managed user whose connections could not be found out.

    Attributes:
        user_id: Whom it was asked about.

        error: Why not.

        user: The :class:`ManagedUser` that the fan-out was given. ``None`` if it was given an id.

        connections: Always ``None``.

    Example:
        >>> answer = UserFailed("6626a1f5e4b0c91a2d3f4567", NotSentError("down"))
        >>> print(answer.user_id, answer.error or answer.connections.platform_ids)
        6626a1f5e4b0c91a2d3f4567 down
    """

    user_id: str
    error: PubloraError
    user: ManagedUser | None = None
    if TYPE_CHECKING:  # pyright takes no ClassVar for a property of UserResult
        connections: None = attrs.field(default=None, init=False)
    else:
        connections: ClassVar[None] = None

    def unwrap(self) -> NoReturn:
        """
        Raise the error.

        Raises:
            PubloraError: *error*.
        """
        # Else each time would lengthen the traceback that the error keeps.
        raise self.error.with_traceback(None)

    def _table(self, now: datetime, most: int, /) -> "words.Table":
        return _table([self], now, most)


if TYPE_CHECKING:
    UserConnections: TypeAlias = UserSucceeded | UserFailed
else:

    class UserConnections(AsUnion, ABC):  # for register() alone
        """
        What came of asking about one managed user; called, it makes the result that fits.

        To type checkers it is the union of :class:`UserSucceeded` and :class:`UserFailed`: where
        ``answer.error is None``, they know that there are ``answer.connections``.

        Raises:
            TypeError: There are neither *connections* nor an *error*, or both.

        Example:
            >>> UserConnections("6626a1f5e4b0c91a2d3f4567", error=NotSentError("down")).user_id
            '6626a1f5e4b0c91a2d3f4567'
        """

        _members = UserSucceeded | UserFailed

        def __new__(
            cls,
            user_id: str,
            connections: ConnectionList | None = None,
            error: PubloraError | None = None,
            user: ManagedUser | None = None,
        ) -> UserSucceeded | UserFailed:
            """Make one."""
            if (connections is None) == (error is None):
                raise TypeError("a user's result has either connections or an error")
            if error is None:
                return UserSucceeded(user_id, connections, user)
            return UserFailed(user_id, error, user)

    # In name only: what it makes of a real subclass, Python would initialize once more.
    UserConnections.register(UserSucceeded)
    UserConnections.register(UserFailed)

_T = TypeVar("_T", bound=UserConnections)
if TYPE_CHECKING:
    _T_co = TypeVar("_T_co", bound=UserConnections, covariant=True, default=UserConnections)
else:
    _T_co = TypeVar("_T_co", covariant=True)  # the rest takes CPython 3.13

_COLUMNS: Mapping[str, Kind] = {
    "user_id": "text",
    **COLUMNS,
    "needs_reconnect": "flag or none",
    "error": "text",
}


def _to_tuple(answers: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(answers)


@attrs.frozen(repr=False)
class UserConnectionsList(AsList, Plotted, Sequence[_T_co]):
    """
    An immutable sequence of results, in the order in which the users were given.

    Every selection from it keeps the users that failed, as nobody knows whether they belong to
    it: only an empty one says that there is nobody to look after. In a notebook it shows itself
    as a table of accounts.

    Example:
        >>> found = UserSucceeded("6626a1f5e4b0c91a2d3f4567", ConnectionList())
        >>> unknown = UserFailed("65c42e553a894a515bd1e995", NotSentError("down"))
        >>> UserConnectionsList([found, unknown])
        <UserConnectionsList of 2 users, 1 failed: 1 x down>
    """

    _item: ClassVar = UserConnections
    _COLUMNS: ClassVar[Mapping[str, Kind]] = _COLUMNS

    _answers: tuple[_T_co, ...] = attrs.field(default=(), converter=_to_tuple)

    @overload
    def __getitem__(self, index: int) -> _T_co: ...
    @overload
    def __getitem__(self, index: slice) -> "UserConnectionsList[_T_co]": ...
    def __getitem__(self, index: int | slice) -> "_T_co | UserConnectionsList[_T_co]":
        if isinstance(index, slice):
            return UserConnectionsList(self._answers[index])
        return self._answers[index]

    def __len__(self) -> int:
        return len(self._answers)

    def __iter__(self) -> Iterator[_T_co]:
        return iter(self._answers)

    def __repr__(self) -> str:
        return f"<UserConnectionsList of {len(self)} users, {self._failures()}>"

    def _failures(self) -> str:
        """Say how many users failed, and of what; three causes at most."""
        causes = Counter(answer.error.summary for answer in self.failed)
        told = [f"{count} x {cause}" for cause, count in causes.most_common(3)]
        rest = ["..."] if len(causes) > len(told) else []
        why = f": {'; '.join(told + rest)}" if told else ""
        return f"{causes.total()} failed{why}"

    @property
    def succeeded(self) -> "UserConnectionsList[UserSucceeded]":
        """The results without an error."""
        return UserConnectionsList(some for some in self if isinstance(some, UserSucceeded))

    @property
    def failed(self) -> "UserConnectionsList[UserFailed]":
        """The results with an error."""
        return UserConnectionsList(some for some in self if isinstance(some, UserFailed))

    def get(self, user_id: str) -> _T_co | None:
        """The result of that user, the first if there are several. ``None`` if it is not here."""
        return next((answer for answer in self if answer.user_id == user_id), None)

    def raise_for_errors(self) -> None:
        """
        Raise if any user's connections could not be found out.

        Raises:
            UsersFailedError: A group of the users' errors. Each names its user, in its text or in
                a note.
        """
        errors: list[PubloraError] = []
        for answer in self.failed:
            note = f"user {answer.user_id}"
            of_request = f"user {getattr(answer.error, 'user_id', None)}"
            if note not in (of_request, *getattr(answer.error, "__notes__", ())):
                answer.error.add_note(note)
            errors.append(answer.error)
        if errors:
            raise UsersFailedError(f"{len(errors)} of {len(self)} users failed", errors)

    def expired(self, *, now: datetime | None = None) -> "UserConnectionsList":
        """
        The users that must connect an account again, with those accounts only, and the failed.

        Args:
            now: As for :meth:`ConnectionList.expired`.

        Raises:
            ConfigurationError: *now* is no datetime, or has no time zone.
        """
        moment = check_moment("now", now)
        return self._with_some(lambda connections: connections.expired(now=moment))

    def expiring(
        self, within: timedelta | None = None, *, now: datetime | None = None
    ) -> "UserConnectionsList":
        """
        The users that will soon have to, with those accounts only, and the failed.

        Args:
            within: As for :meth:`ConnectionList.expiring`.
            now: As for :meth:`ConnectionList.expiring`.

        Raises:
            ConfigurationError: *within* is no duration or negative, or *now* is no aware datetime.
        """
        moment = check_horizon(within, now)
        return self._with_some(lambda connections: connections.expiring(within, now=moment))

    def healthy(
        self, within: timedelta | None = None, *, now: datetime | None = None
    ) -> "UserConnectionsList":
        """
        The users with accounts that go on working, with those accounts only, and the failed.

        Args:
            within: As for :meth:`ConnectionList.healthy`.
            now: As for :meth:`ConnectionList.healthy`.

        Raises:
            ConfigurationError: *within* is no duration or negative, or *now* is no aware datetime.
        """
        moment = check_horizon(within, now)
        return self._with_some(lambda connections: connections.healthy(within, now=moment))

    def needs_attention(
        self, within: timedelta | None = None, *, now: datetime | None = None
    ) -> "UserConnectionsList":
        """
        The users with accounts that are not known to go on working, with those accounts only.

        The user with the most urgent account comes first, and the failed come last.

        Args:
            within: As for :meth:`ConnectionList.needs_attention`.
            now: As for :meth:`ConnectionList.needs_attention`.

        Raises:
            ConfigurationError: *within* is no duration or negative, or *now* is no aware datetime.
        """
        moment = check_horizon(within, now)
        chosen = self._with_some(
            lambda connections: connections.needs_attention(within, now=moment)
        )
        urgent = sorted(
            chosen.succeeded, key=lambda answer: by_urgency(answer.connections[0], within, moment)
        )
        return UserConnectionsList([*urgent, *chosen.failed])

    def _with_some(
        self, choose: Callable[[ConnectionList], ConnectionList]
    ) -> "UserConnectionsList":
        chosen: list[UserConnections] = []
        for answer in self:
            if isinstance(answer, UserFailed):
                chosen.append(answer)
            elif some := choose(answer.connections):
                chosen.append(attrs.evolve(answer, connections=some))
        return UserConnectionsList(chosen)

    def to_records(self, *, now: datetime | None = None, json: bool = False) -> list[Row]:
        """
        One row for each account, as :meth:`ConnectionList.to_records`, with *user_id* in front.

        A user who failed has one row, too, in which only *user_id* and *error*, the last column,
        are not ``None``.

        Args:
            now: The moment to judge by, aware. ``None``: the present one.
            json: Whether times are text, as in :meth:`ConnectionList.to_dict`, for ``json.dumps``;
                else they are datetimes.

        Raises:
            ConfigurationError: *now* is no datetime, or has no time zone.
        """
        moment = check_moment("now", now)
        rows: list[Row] = []
        for answer in self:
            if isinstance(answer, UserFailed):
                known = {"user_id": answer.user_id, "error": answer.error.summary}
                rows.append({name: known.get(name) for name in _COLUMNS})
            else:
                accounts = answer.connections.to_records(now=moment)
                rows += [{"user_id": answer.user_id, **row, "error": None} for row in accounts]
        return to_json(rows) if json else rows

    def _rows(self, now: datetime) -> Sequence[Row]:
        return self.to_records(now=now)

    def _alarm(self) -> str:
        from publora_async._display.accounts import failures

        return failures((answer.error for answer in self.failed), len(self))

    def _table(self, now: datetime, most: int, /) -> "words.Table":
        return _table(self, now, most)


def _table(answers: Sequence[UserConnections], now: datetime, most: int) -> "words.Table":
    from publora_async._display.accounts import account_table, owner

    rows: list[Row] = []
    owners = []
    counts = (1 if one.connections is None else len(one.connections) for one in answers)
    if sum(counts) > most:
        # Whoever failed is named also where the table is cut short.
        answers = sorted(answers, key=lambda answer: answer.error is None)
    for answer in answers:
        if isinstance(answer, UserFailed):
            some: list[Row] = [{"error": answer.error.summary}]
        else:
            some = answer.connections[: most - len(rows)].to_records(now=now)
        rows += some
        user = answer.user
        name = None if user is None else user.display_name or user.email
        owners += [owner(answer.user_id, name)] * len(some)
        if len(rows) >= most:
            break
    accounts = (one for answer in answers for one in answer.connections or ())
    errors = [answer.error for answer in answers if answer.error is not None]
    statuses = (account.status_at(now) for account in accounts)
    return account_table(rows, statuses, now, owners=owners, failed=errors, asked=len(answers))
