"""Events: what has changed about an account, each kind a class."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Literal, TypeAlias

import attrs

from publora_async._checks import aware
from publora_async._decoding.bodies import one
from publora_async._introspection import AsObject
from publora_async._wire import ALWAYS, JSONValue, to_wire
from publora_async.errors import ConfigurationError, ResponseDecodeError
from publora_async.records import Connection, TokenStatus

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
    "reason_of",
]

Reason: TypeAlias = Literal["service", "expiry_date", "live_test", "list"] | str
"""Why a change is believed: the service's word, the date, the live test, or the list; or others."""


@attrs.frozen(kw_only=True)
class Event(AsObject):
    """
    Something that changed about one account.

    Attributes:
        user_id: The managed user whose account it is. ``None``: the key's own account.

        platform_id: Which account.

        before: The account as it was, by its id, names, date and status. ``None`` where there was
            none. Of an account that was broken when its user was first seen: as it was seen then.

        after: The account as it is now. ``None`` where there is none.

        since: When the change was first seen, in UTC.

        reason: Why it is believed.

        extra: Fields that this version does not know, as the JSON of an event spells them.

    Example:
        >>> fields = {"id": "...", "kind": "broke", "platformId": "linkedin-Tz4NqVnrPU"}
        >>> event = Event.from_dict(
        ...     fields | {"since": "2026-11-27T02:00:00.000Z", "reason": "service"}
        ... )
        >>> type(event).__name__, event.user_id, str(event)
        ('Broke', None, 'linkedin-Tz4NqVnrPU broke')
    """

    user_id: str | None = attrs.field(default=None, metadata=ALWAYS)
    platform_id: str
    before: Connection | None = attrs.field(default=None, metadata=ALWAYS)
    after: Connection | None = attrs.field(default=None, metadata=ALWAYS)
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
    def from_dict(fields: Mapping[str, JSONValue]) -> "Event":
        """
        Read what :meth:`to_dict` gave.

        Raises:
            ConfigurationError: It is no event.
        """
        rest = {name: value for name, value in fields.items() if name not in {"id", "kind"}}
        kind = KINDS.get(str(fields.get("kind")))
        if kind is None:
            raise ConfigurationError(f"this is no event: its kind is {fields.get('kind')!r}")
        try:
            return one(kind)(json.dumps(rest).encode())
        except ResponseDecodeError as error:
            raise ConfigurationError(f"this is no event: {error}") from None


class Appeared(Event):
    """An account was connected, by somebody who was seen before."""


class Gone(Event):
    """An account is no longer in its user's list, or the user is no longer managed."""


class Broke(Event):
    """An account has to be reconnected before anything can be posted to it."""


class Expiring(Event):
    """An account works still, and will have to be reconnected soon."""


class Recovered(Event):
    """An account that broke, or flapped, works again."""


class Renamed(Event):
    """An account has another name."""


class Flapping(Event):
    """
    An account's health changes to and fro so often that no more is told for a while.

    When four rounds have shown no change, it is told how it is: ``Recovered``, ``Expiring`` after
    it, ``Broke`` or ``Gone``.
    """


KINDS: Mapping[str, type[Event]] = {
    event.__name__.lower(): event
    for event in (Appeared, Broke, Expiring, Flapping, Gone, Recovered, Renamed)
}


def reason_of(
    kind: type[Event], after: Connection | None, *, detached: bool, tested: bool = False
) -> Reason:
    """Say why a change is believed."""
    if after is None or kind in {Appeared, Renamed}:
        return "service" if detached else "list"
    # Within the user's own horizon the service does not say so yet: the date does.
    is_own = kind is Expiring and after.token_status != TokenStatus.EXPIRING_SOON
    if after.status_source != "expiry_date" and not is_own:
        return "service"
    return "live_test" if tested else "expiry_date"
