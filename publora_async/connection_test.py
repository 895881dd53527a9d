"""What the live check of a connection found."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import attrs

from publora_async._wire import JSONValue, to_wire
from publora_async.records import LastError

__all__ = ["ConnectionTest", "TestStatus"]


class TestStatus(StrEnum):
    """What the live check says. Others may come and stay plain text."""

    __test__ = False  # pytest would take it for a test

    OK = "ok"
    ERROR = "error"


@attrs.frozen(kw_only=True)
class ConnectionTest:
    """
    What the platform itself says of a connection's credential.

    Attributes:
        platform_id: Which connection was checked.

        status: Usually a :class:`TestStatus`. An ``"error"`` is a result, not an exception.

        platform: Such as ``"linkedin"``. ``None`` if the service did not say.

        username: Handle on the platform. ``None`` where the account has none.

        message: What the platform said. ``None`` if nothing.

        permissions: What the credential may do. Empty if the service did not say.

        token_expires_in: Time left, for people to read (``"7d 3h"``). ``None`` without a date.

        last_successful_post: When a post last went out, in UTC. ``None`` if none did.

        last_error: What the last failed post met. ``None`` if none failed.

        extra: Fields that this version does not know, as the wire spells them.
    """

    __test__ = False  # pytest would take it for a test

    platform_id: str
    status: str
    platform: str | None = None
    username: str | None = None
    message: str | None = None
    permissions: tuple[str, ...] = ()
    token_expires_in: str | None = None
    last_successful_post: datetime | None = None
    last_error: LastError | None = None
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)

    @property
    def ok(self) -> bool:
        """Whether the credential works."""
        return self.status == TestStatus.OK

    def to_dict(self) -> dict[str, JSONValue]:
        """The wire's form: camel case, without what is ``None``."""
        return to_wire(self)
