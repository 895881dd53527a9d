"""The connections of one account or managed user, as a list that answers questions."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from json import dumps
from operator import itemgetter
from typing import TYPE_CHECKING, ClassVar, overload

import attrs

from publora_async._checks import check_moment, check_text
from publora_async._decoding.bodies import connections_of
from publora_async._display.frames import COLUMNS, Kind, to_json
from publora_async._display.lists import Plotted
from publora_async._display.urgency import Urgency, by_urgency, check_horizon, urgency_of
from publora_async._introspection import AsList, LazyModule
from publora_async._wire import JSONValue, platform_name
from publora_async.errors import ResponseDecodeError
from publora_async.records import Connection, Platform, PlatformName, Row

if TYPE_CHECKING:
    from publora_async._display import words
else:
    words = LazyModule("publora_async._display.words")

__all__ = ["ConnectionList", "decode_connections"]


def _to_tuple(connections: Iterable[Connection]) -> tuple[Connection, ...]:
    return tuple(connections)


@attrs.frozen(repr=False)
class ConnectionList(AsList, Plotted, Sequence[Connection]):
    """
    An immutable sequence of connections, in the service's order.

    A slice of it, and every selection from it, is a ``ConnectionList`` again. In a notebook
    it shows itself as a table.

    Example:
        >>> ids = ["twitter-123", "linkedin-ABC", "linkedin-DEF"]
        >>> accounts = ConnectionList(Connection(platform_id=one) for one in ids)
        >>> accounts.on("LinkedIn")
        <ConnectionList of 2 - linkedin: 2>
        >>> accounts.ids_by_platform()
        {'twitter': ['twitter-123'], 'linkedin': ['linkedin-ABC', 'linkedin-DEF']}
    """

    _item: ClassVar = Connection
    _COLUMNS: ClassVar[Mapping[str, Kind]] = COLUMNS

    _connections: tuple[Connection, ...] = attrs.field(default=(), converter=_to_tuple)

    @overload
    def __getitem__(self, index: int) -> Connection: ...
    @overload
    def __getitem__(self, index: slice) -> "ConnectionList": ...
    def __getitem__(self, index: int | slice) -> "Connection | ConnectionList":
        if isinstance(index, slice):
            return ConnectionList(self._connections[index])
        return self._connections[index]

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._connections)

    def __repr__(self) -> str:
        counts = [f"{name}: {len(some)}" for name, some in self.by_platform().items()]
        return f"<ConnectionList of {len(self)}{' - ' if counts else ''}{', '.join(counts)}>"

    @property
    def platform_ids(self) -> list[str]:
        """Every platform id, ready for the ``platforms`` of a post to all accounts."""
        return [connection.platform_id for connection in self]

    def by_platform(self) -> "dict[str, ConnectionList]":
        """The connections of each platform, platforms in the order they first appear."""
        found: dict[str, list[Connection]] = {}
        for connection in self:
            found.setdefault(connection.platform, []).append(connection)
        return {platform: ConnectionList(some) for platform, some in found.items()}

    def ids_by_platform(self) -> dict[str, list[str]]:
        """The platform ids of each platform: ``{"twitter": ["twitter-123"], ...}``."""
        return {platform: some.platform_ids for platform, some in self.by_platform().items()}

    def on(self, platform: PlatformName) -> "ConnectionList":
        """
        The connections on *platform*.

        Args:
            platform: A :class:`Platform` or any other platform's name, in any case; ``"x"``
                means Twitter. A name that looks like a slip of another one, and that no account
                here has, gives an empty list and a ``UserWarning``.

        Raises:
            ConfigurationError: *platform* is no text, or blank.
        """
        name = platform_name(check_text("platform", platform))
        found = ConnectionList(some for some in self if some.platform.lower() == name)
        if not found and (meant := self._meant(name)):
            message = f"no account is on {name!r}: did you mean {str(meant)!r}?"
            warnings.warn(message, stacklevel=2)
        return found

    def _meant(self, name: str) -> str | None:
        """The platform that *name* looks like. ``None`` if it is one, or like none."""
        from difflib import get_close_matches  # few mistype a name

        known = {*Platform, *self.by_platform()}
        return None if name in known else next(iter(get_close_matches(name, known, 1)), None)

    def get(self, platform_id: str) -> Connection | None:
        """The connection of that id. ``None`` if it is not here."""
        return next((some for some in self if some.platform_id == platform_id), None)

    def expired(self, *, now: datetime | None = None) -> "ConnectionList":
        """
        Accounts that must be connected again.

        Args:
            now: The moment to judge by, aware. ``None``: the present one. It only matters
                where the service gave no status of its own.

        Raises:
            ConfigurationError: *now* is no datetime, or has no time zone.
        """
        return self._where(Urgency.EXPIRED, None, now)

    def expiring(
        self, within: timedelta | None = None, *, now: datetime | None = None
    ) -> "ConnectionList":
        """
        Accounts that still work and will soon have to be connected again.

        Args:
            within: How soon. ``None``: what the service calls soon, under 7 days (30 on TikTok).
                An account that the service calls expiring without saying when always counts.

            now: The moment to judge by, aware. ``None``: the present one.

        Raises:
            ConfigurationError: *within* is no duration or negative, or *now* is no aware datetime.
        """
        return self._where(Urgency.EXPIRING, within, now)

    def healthy(
        self, within: timedelta | None = None, *, now: datetime | None = None
    ) -> "ConnectionList":
        """
        Accounts that work and go on working; each account is here or in :meth:`needs_attention`.

        Args:
            within: As for :meth:`expiring`: what expires so soon is not healthy.
            now: The moment to judge by, aware. ``None``: the present one.

        Raises:
            ConfigurationError: *within* is no duration or negative, or *now* is no aware datetime.
        """
        return self._where(Urgency.NONE, within, now)

    def needs_attention(
        self, within: timedelta | None = None, *, now: datetime | None = None
    ) -> "ConnectionList":
        """
        Accounts that are not known to go on working, the most urgent first.

        The expired ones, then those that are :meth:`expiring`, then those of which nobody knows:
        the service calls them ``"unknown"``, or by a name that is new to this version. Among
        each, the earliest date comes first; those without a date come last.

        Args:
            within: As for :meth:`expiring`.
            now: The moment to judge by, aware. ``None``: the present one.

        Raises:
            ConfigurationError: *within* is no duration or negative, or *now* is no aware datetime.
        """
        moment = check_horizon(within, now)
        keys = ((by_urgency(some, within, moment), some) for some in self)
        urgent = [(key, some) for key, some in keys if key[0] is not Urgency.NONE]
        return ConnectionList(some for _, some in sorted(urgent, key=itemgetter(0)))

    @classmethod
    def from_dict(
        cls, document: Mapping[str, JSONValue], *, strict: bool = False
    ) -> "ConnectionList":
        """
        Read what :meth:`to_dict` has given, or the service's own response.

        Args:
            document: It is copied all the way down.
            strict: As for :func:`decode_connections`, which reads the same from text.

        Raises:
            ResponseDecodeError: It is not of that shape, or holds what JSON cannot say.
        """
        try:
            body = dumps(dict(document))
        except (RecursionError, TypeError, ValueError) as error:
            problem = str(error)
        else:
            return decode_connections(body.encode(), strict=strict)
        raise ResponseDecodeError(f"the document is no JSON object: {problem}")

    def to_dict(self) -> dict[str, JSONValue]:
        """The wire's form: ``{"success": True, "connections": [...]}``."""
        return {"success": True, "connections": [some.to_dict() for some in self]}

    def to_records(self, *, now: datetime | None = None, json: bool = False) -> list[Row]:
        """
        Each account as a flat row in snake case, see :meth:`Connection.to_row`.

        Args:
            now: The moment to judge by, aware. ``None``: the present one.
            json: Whether times are text, as in :meth:`to_dict`, for ``json.dumps``; else they are
                datetimes.

        Raises:
            ConfigurationError: *now* is no datetime, or has no time zone.
        """
        moment = check_moment("now", now)
        rows = [connection.to_row(now=moment) for connection in self]
        return to_json(rows) if json else rows

    def _rows(self, now: datetime) -> Sequence[Row]:
        return self.to_records(now=now)

    def _table(self, now: datetime, most: int, /) -> "words.Table":
        from publora_async._display.accounts import account_table

        rows = [some.to_row(now=now) for some in self[:most]]
        return account_table(rows, (some.status_at(now) for some in self), now)

    def _where(
        self, urgency: Urgency, within: timedelta | None, now: datetime | None
    ) -> "ConnectionList":
        moment = check_horizon(within, now)
        return ConnectionList(some for some in self if urgency_of(some, within, moment) is urgency)


def decode_connections(body: bytes, *, strict: bool = False) -> ConnectionList:
    """
    Read the body of a response to ``GET /platform-connections``.

    Args:
        body: UTF-8 JSON, such as :meth:`ConnectionList.to_dict` written out.

        strict: Whether an optional field of another type than documented is an error. Else it
            is ``None``, and its value goes to *extra* under the wire's name.

    Raises:
        ResponseDecodeError: It is not JSON, or not of that shape.
    """
    return ConnectionList(connections_of(body, strict=strict))
