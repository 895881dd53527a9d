"""What was seen of whom at one time, and the changes between two such times."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal, TypeAlias

import attrs

from publora_async._checks import aware
from publora_async._introspection import AsObject
from publora_async._watch.changes import (
    Health,
    Kind,
    health_of,
    is_renamed,
    pack,
    remembered,
    steps,
    unpack,
)
from publora_async._wire import JSONValue, to_wire
from publora_async.connection_list import ConnectionList, decode_connections
from publora_async.errors import ConfigurationError, PermissionDeniedError, PubloraError
from publora_async.permissions import PermissionReason
from publora_async.records import Connection
from publora_async.user_connections import UserConnections

__all__ = [
    "KINDS",
    "Appeared",
    "Broke",
    "Event",
    "Expiring",
    "Flapping",
    "Gone",
    "Reason",
    "Recovered",
    "Renamed",
    "Seen",
    "Sights",
    "Snapshot",
    "is_detached",
    "reason_of",
]

Reason: TypeAlias = Literal["service", "expiry_date", "live_test", "list"]
"""Why a change is believed: the service's word, the date, the live test, or the list itself."""

_VERSION = 1


@attrs.frozen(kw_only=True)
class Event(AsObject):
    """
    Something that changed about one account.

    Attributes:
        user_id: The managed user whose account it is. ``None``: the key's own account.

        platform_id: Which account.

        before: The account as it was, by its id, names, date and status. ``None`` where there was
            none.

        after: The account as it is now. ``None`` where there is none.

        since: When the change was first seen, in UTC.

        reason: Why it is believed.

        extra: Fields that this version does not know, as the JSON of an event spells them.

    Example:
        >>> since = datetime(2026, 11, 27, tzinfo=UTC)
        >>> event = Broke(platform_id="x-1", user_id=None, since=since, reason="service")
        >>> event.kind, str(event)
        ('broke', 'x-1 broke')
    """

    user_id: str | None
    platform_id: str
    before: Connection | None = None
    after: Connection | None = None
    since: datetime = attrs.field(validator=aware)
    reason: Reason
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)

    @property
    def kind(self) -> str:
        """The name of its class in lower case, such as ``"broke"``."""
        return type(self).__name__.lower()

    @property
    def id(self) -> str:
        """The same for the same change of the same account at the same moment: 32 characters."""
        what = [self.user_id, self.platform_id, self.kind, self.since.isoformat()]
        return sha256(json.dumps(what).encode()).hexdigest()[:32]

    def __str__(self) -> str:
        account = self.after or self.before
        name = (account.username or account.display_name) if account else None
        named = f" ({name})" if name else ""
        whose = "" if self.user_id is None else f" of user {self.user_id}"
        verb = {"expiring": "expires soon", "gone": "is gone", "flapping": "breaks and recovers"}
        was = self.before if self.kind == "renamed" else None
        formerly = f" (it was {was.username or was.display_name})" if was else ""
        return f"{self.platform_id}{named}{whose} {verb.get(self.kind, self.kind)}{formerly}"

    def to_dict(self) -> dict[str, JSONValue]:
        """The event as JSON has it: ``id``, ``kind`` and the fields in camel case."""
        return {"id": self.id, "kind": self.kind} | to_wire(self)

    @staticmethod
    def from_dict(fields: "Mapping[str, JSONValue]") -> "Event":
        """
        Read what :meth:`to_dict` gave.

        Raises:
            ConfigurationError: It is no event.
        """
        rest = dict(fields)
        try:
            _, kind = rest.pop("id"), KINDS[Kind(str(rest.pop("kind")))]
            return kind(
                user_id=rest.pop("userId", None),  # type: ignore[arg-type]  # as it was written
                platform_id=str(rest.pop("platformId")),
                before=_connection(rest.pop("before", None)),
                after=_connection(rest.pop("after", None)),
                since=datetime.fromisoformat(str(rest.pop("since"))),
                reason=rest.pop("reason"),  # type: ignore[arg-type]  # others may come
                extra=rest,
            )
        except (KeyError, ValueError) as error:
            raise ConfigurationError(f"this is no event: {error!r}") from None


class Appeared(Event):
    """An account was connected, to a user of whom others were known before, or none."""


class Gone(Event):
    """An account is no longer in its user's list, or the user is no longer managed."""


class Broke(Event):
    """An account has to be reconnected before anything can be posted to it."""


class Expiring(Event):
    """An account works still, and will have to be reconnected soon."""


class Recovered(Event):
    """An account that broke works again."""


class Renamed(Event):
    """An account has another name."""


class Flapping(Event):
    """An account breaks or goes, and comes back, so often that no more is told until it is calm."""


KINDS: Mapping[Kind, type[Event]] = {
    Kind(event.__name__.lower()): event
    for event in (Appeared, Broke, Expiring, Flapping, Gone, Recovered, Renamed)
}


@attrs.frozen
class Seen:
    """
    What was seen of one user.

    Attributes:
        at: When, in UTC.

        connections: The accounts, each with its id, names, date and status. Empty where nothing
            was connected.

        detached: Whether the service said that the user is not managed by the key.
    """

    at: datetime
    connections: ConnectionList
    detached: bool = False

    @classmethod
    def now(cls, connections: ConnectionList, *, detached: bool = False) -> "Seen":
        """Give what was seen at this moment."""
        return cls(datetime.now(UTC), ConnectionList(map(remembered, connections)), detached)


@attrs.frozen
class Snapshot:
    """
    What was seen of whom, and of whom nothing could be learned.

    Attributes:
        seen: By user id; ``None`` is the key's own account.

        unknown: Why the others could not be asked about, by user id.

    Example:
        >>> old = await publora.connections.snapshot()
        >>> old.diff(await publora.connections.snapshot())
        []
        >>> [id for id in ["62f5c97a89ef47ccc5e69024"] if id not in old.seen]  # still to be asked
        ['62f5c97a89ef47ccc5e69024']
    """

    seen: Mapping[str | None, Seen]
    unknown: Mapping[str | None, str] = attrs.field(factory=dict)

    def diff(self, new: "Snapshot") -> list[Event]:
        """
        Give what has changed from this snapshot to a *new* one.

        A user who is not in both says nothing: neither who could not be asked about, nor who is
        seen for the first time.
        """
        return [
            event
            for user_id, before in self.seen.items()
            if (after := new.seen.get(user_id)) is not None
            for event in _events(user_id, before, after)
        ]

    def save(self, path: str | os.PathLike[str]) -> None:
        """
        Write it to a file that only its owner may read, in place of what was there.

        Args:
            path: Where to; JSON of some 100 bytes an account.

        Raises:
            OSError: It cannot be written there; what was there is there still.
        """
        document = {
            "version": _VERSION,
            "seen": [
                [user_id, seen.at.timestamp(), seen.detached, *map(pack, seen.connections)]
                for user_id, seen in self.seen.items()
            ],
            "unknown": [*self.unknown.items()],
        }
        with NamedTemporaryFile("w", dir=Path(path).parent, delete=False) as file:
            try:
                json.dump(document, file, separators=(",", ":"))
                file.close()
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink()
                raise

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Snapshot":
        """
        Read what :meth:`save` wrote.

        Raises:
            ConfigurationError: It is no snapshot, or one of a newer version of the SDK.
            OSError: It cannot be read.
        """
        try:
            document = json.loads(Path(path).read_bytes())
            version, seen, unknown = (document[key] for key in ("version", "seen", "unknown"))
            if version == _VERSION:
                return cls({row[0]: _seen(*row[1:]) for row in seen}, dict(unknown))
        except (KeyError, TypeError, ValueError):
            raise ConfigurationError(f"{os.fspath(path)!r} holds no snapshot") from None
        raise ConfigurationError(f"{os.fspath(path)!r} is of a newer version of the SDK: update it")


class Sights:
    """Takes in the answers of a fan-out for a snapshot, each at its moment."""

    def __init__(self) -> None:
        self._seen: dict[str | None, Seen] = {}
        self._unknown: dict[str | None, str] = {}

    def add(self, answer: UserConnections) -> None:
        """Take in what was learned of one user."""
        if answer.error is None:
            self._seen[answer.user_id] = Seen.now(answer.connections)
        elif is_detached(answer.error):
            self._seen[answer.user_id] = Seen.now(ConnectionList(), detached=True)
        else:
            self._unknown[answer.user_id] = answer.error.summary

    def snapshot(self) -> Snapshot:
        """Give what was taken in."""
        return Snapshot(self._seen, self._unknown)


def is_detached(error: PubloraError) -> bool:
    """Tell whether the service says that a user is not managed by the key."""
    reason = error.reason if isinstance(error, PermissionDeniedError) else None
    return reason is PermissionReason.NOT_MANAGED


def _events(user_id: str | None, before: Seen, after: Seen) -> Iterator[Event]:
    old = {account.platform_id: account for account in before.connections}
    new = {account.platform_id: account for account in after.connections}
    for platform_id in old | new:
        was, now = old.get(platform_id), new.get(platform_id)
        kinds = steps(_health(was, before.at), _health(now, after.at))
        if was and now and is_renamed(was, now):
            kinds.append(Kind.RENAMED)
        for kind in kinds:
            if kind in KINDS:
                yield KINDS[kind](
                    user_id=user_id,
                    platform_id=platform_id,
                    before=was,
                    after=now,
                    since=after.at,
                    reason=reason_of(kind, now, detached=after.detached),
                )


def reason_of(kind: Kind, account: Connection | None, *, detached: bool) -> Reason:
    """Say why a change is believed, if not for the live test."""
    if kind in {Kind.APPEARED, Kind.GONE, Kind.RENAMED} or account is None:
        return "service" if detached else "list"
    return "expiry_date" if account.status_source == "expiry_date" else "service"


def _health(account: Connection | None, at: datetime) -> Health:
    return Health.ABSENT if account is None else health_of(account, None, at)


def _seen(at: float, detached: bool, *packed: list[JSONValue]) -> Seen:  # noqa: FBT001  # as read
    moment = datetime.fromtimestamp(at, UTC)
    return Seen(moment, ConnectionList(map(unpack, packed)), detached)


def _connection(fields: JSONValue) -> Connection | None:
    if fields is None:
        return None
    body = json.dumps({"success": True, "connections": [fields]})
    return decode_connections(body.encode())[0]
