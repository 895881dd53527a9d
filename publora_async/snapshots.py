"""What was seen of whom at one time, and the changes between two such times."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

import attrs

from publora_async._watch.changes import Health, Kind, health_of, is_renamed, pack, steps, unpack
from publora_async._watch.events import KINDS, Event, reason_of
from publora_async._wire import JSONValue
from publora_async.connection_list import ConnectionList
from publora_async.errors import ConfigurationError
from publora_async.records import Connection

__all__ = ["Seen", "Snapshot"]

_VERSION = 1


@attrs.frozen
class Seen:
    """
    What was seen of one user.

    Attributes:
        at: When, in UTC.

        connections: The accounts, each with its id, names, date and status. Empty where nothing
            was connected.

        detached: Whether the service said that the user is not managed by the key.

    Example:
        >>> snapshot = await publora.connections.snapshot()
        >>> snapshot.seen[None].connections.expired().platform_ids
        ['linkedin-...', 'instagram-...', 'youtube-...']
    """

    at: datetime
    connections: ConnectionList
    detached: bool = False

    @classmethod
    def now(cls, connections: ConnectionList, *, detached: bool = False) -> "Seen":
        """Give what was seen at this moment, by the computer's clock."""
        return cls(
            datetime.now(UTC), ConnectionList(unpack(pack(one)) for one in connections), detached
        )


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
        except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
            raise ConfigurationError(f"{os.fspath(path)!r} holds no snapshot") from None
        raise ConfigurationError(f"{os.fspath(path)!r} is of a newer version of the SDK: update it")


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


def _health(account: Connection | None, at: datetime) -> Health:
    return Health.ABSENT if account is None else health_of(account, None, at)


def _seen(at: float, detached: bool, *packed: list[JSONValue]) -> Seen:  # noqa: FBT001  # as read
    moment = datetime.fromtimestamp(at, UTC)
    return Seen(moment, ConnectionList(map(unpack, packed)), detached)
