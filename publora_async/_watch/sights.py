"""Makes a snapshot of the answers of a fan-out."""

from publora_async._fan_out.progress import Collector
from publora_async.connection_list import ConnectionList
from publora_async.errors import PermissionDeniedError, PubloraError
from publora_async.permissions import PermissionReason
from publora_async.snapshots import Seen, Snapshot
from publora_async.user_connections import UserConnections

__all__ = ["Sights", "is_detached"]


class Sights(Collector):
    """Collects the answers of a fan-out for a snapshot, each with its moment."""

    def __init__(self, user_ids: object) -> None:
        super().__init__(user_ids, None)
        self._seen: dict[str | None, Seen] = {}
        self._unknown: dict[str | None, str] = {}

    def add(self, number: int, answer: UserConnections) -> None:
        """Take in what was learned of one user."""
        super().add(number, answer)
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
