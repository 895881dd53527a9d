"""What was seen of whom at one time, and the changes between two such times."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import attrs

from publora_async._watch import changes
from publora_async._watch.events import Event, Renamed, reason_of
from publora_async.connection_list import ConnectionList
from publora_async.errors import ConfigurationError, UserResult
from publora_async.records import Connection

__all__ = ["Seen", "Snapshot"]

_VERSION = 1


def _as_kept(connections: Iterable[Connection]) -> ConnectionList:
    return ConnectionList(changes.unpack(changes.pack(one)) for one in connections)


@attrs.frozen
class Seen:
    """
    What was seen of one user.

    Attributes:
        connections: The accounts, each with its id, names, date and status. Empty where nothing
            was connected.

        at: By when, in UTC: when the snapshot was made of what had been answered.

        detached: Whether the service said that the user is not managed by the key.

    Example:
        >>> snapshot = await publora.connections.snapshot()
        >>> snapshot.seen[None].connections.expired().platform_ids
        ['linkedin-...', 'instagram-...', 'youtube-...']
    """

    connections: ConnectionList = attrs.field(converter=_as_kept)
    at: datetime = attrs.field(factory=partial(datetime.now, UTC))
    detached: bool = False


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

    @classmethod
    def of(cls, results: Iterable[UserResult]) -> "Snapshot":
        """
        Make one of what a fan-out has just found, such as :meth:`AsyncConnections.list_many`.

        Whether a date has passed is judged by this moment.

        Args:
            results: One for each user, as :meth:`AsyncConnections.list_many` gives them and an
                error that ended it holds as its ``results``. Who failed is unknown, but for who
                is no longer managed by the key.

        Example:
            >>> Snapshot.of(await publora.connections.list_many(["not an id"])).seen
            {}
        """
        at, seen, unknown = datetime.now(UTC), dict[str | None, Seen](), dict[str | None, str]()
        for one in results:
            if one.error is not None and not changes.is_detached(one.error):
                unknown[one.user_id] = one.error.summary
            else:
                accounts: Iterable[Any] = one.connections or ()
                seen[one.user_id] = Seen(accounts, at, one.error is not None)
        return cls(seen, unknown)

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
                [user_id, seen.at.timestamp(), seen.detached, *map(changes.pack, seen.connections)]
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
                return cls({user_id: _loaded(*row) for user_id, *row in seen}, dict(unknown))
        except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
            raise ConfigurationError(f"{os.fspath(path)!r} holds no snapshot") from None
        raise ConfigurationError(f"{os.fspath(path)!r} is of a newer version of the SDK: update it")


def _events(user_id: str | None, before: Seen, after: Seen) -> Iterator[Event]:
    old = {account.platform_id: account for account in before.connections}
    new = {account.platform_id: account for account in after.connections}
    for platform_id in old | new:
        was, now = old.get(platform_id), new.get(platform_id)
        kinds = changes.steps(_health(was, before.at), _health(now, after.at))
        if was and now and changes.is_renamed(was, now):
            kinds.append(Renamed)
        for kind in kinds:
            yield kind(
                user_id=user_id,
                platform_id=platform_id,
                before=was,
                after=now,
                since=after.at,
                reason=reason_of(kind, now, detached=after.detached),
            )


def _health(account: Connection | None, at: datetime) -> changes.Health:
    return changes.Health.ABSENT if account is None else changes.health_of(account, None, at)


def _loaded(at: float, detached: bool, *packed: changes.Packed) -> Seen:  # noqa: FBT001  # as read
    return Seen(map(changes.unpack, packed), datetime.fromtimestamp(at, UTC), detached)
