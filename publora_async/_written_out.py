"""
Structure hooks for the records that come by the thousand, with the construction written out.

Each reads what the hook that cattrs generates for the record reads, in a seventh of the time, and
refuses what that one refuses; it does not say why.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs

from publora_async._wire import JSONValue, wire_name
from publora_async.records import Connection, LastError

__all__ = ["HOOKS", "utc_time"]


def _draft_of(record: type) -> Any:  # noqa: ANN401  # fields are set that are frozen elsewhere
    """
    Make a twin of *record* whose fields can be set, until its class is changed to *record*.

    The ``__init__`` of a frozen class sets each field through a call, which would double the
    time that a record takes.
    """
    # Both methods, or CPython goes by the slower way for either.
    free = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(f"{record.__name__}Draft", (record,), {"__slots__": (), **free})


def _nulls_of(record: type[attrs.AttrsInstance]) -> dict[str, JSONValue]:
    """Name every field of *record* as the wire does, each null."""
    return {wire_name(field): None for field in attrs.fields(record) if field.name != "extra"}


_new = object.__new__
_ConnectionDraft, _NO_CONNECTION = _draft_of(Connection), _nulls_of(Connection)
_ErrorDraft, _NO_ERROR = _draft_of(LastError), _nulls_of(LastError)


def utc_time(text: str) -> datetime:
    """
    Read an ISO 8601 time; without a zone it counts as UTC.

    Raises:
        ValueError: It is none.
        OverflowError: In UTC it would be before the year 1 or after 9999.
    """
    time = datetime.fromisoformat(text)
    if time.tzinfo is UTC:
        return time
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _last_error(value: Any, _: object = None) -> LastError:  # noqa: ANN401  # JSON
    try:
        return _whole_error(value)
    except KeyError:
        return _whole_error(_NO_ERROR | value)


def _whole_error(fields: dict[str, Any]) -> LastError:
    """Read an error of which every field is there, be it null."""
    draft = _new(_ErrorDraft)
    draft.message = message = fields["message"]
    occurred_at = fields["occurredAt"]
    draft.occurred_at = None if occurred_at is None else utc_time(occurred_at)
    if not (type(message) is str or message is None):
        raise ValueError
    draft.extra = {} if len(fields) == len(_NO_ERROR) else _beyond(_NO_ERROR, fields)
    draft.__class__ = LastError
    whole: LastError = draft
    return whole


def _connection(value: Any, _: object) -> Connection:  # noqa: ANN401  # JSON
    try:
        # The contract's own example has five fields: to find that out by a KeyError costs more.
        return _whole_connection(
            value if len(value) >= len(_NO_CONNECTION) else _NO_CONNECTION | value
        )
    except KeyError:
        return _whole_connection(_NO_CONNECTION | value)


def _whole_connection(fields: dict[str, Any]) -> Connection:
    """Read a connection of which every field is there, be it null."""
    draft = _new(_ConnectionDraft)
    draft.platform_id = platform_id = fields["platformId"]
    draft.username = username = fields["username"]
    draft.display_name = name = fields["displayName"]
    draft.profile_image_url = image = fields["profileImageUrl"]
    expires_at = fields["accessTokenExpiresAt"]
    draft.access_token_expires_at = None if expires_at is None else utc_time(expires_at)
    draft.profile_url = url = fields["profileUrl"]
    draft.token_status = status = fields["tokenStatus"]
    draft.token_expires_in = left = fields["tokenExpiresIn"]
    posted_at = fields["lastSuccessfulPost"]
    draft.last_successful_post = None if posted_at is None else utc_time(posted_at)
    error = fields["lastError"]
    draft.last_error = None if error is None else _last_error(error)
    draft.subscription_type = tier = fields["subscriptionType"]
    if not (
        type(platform_id) is str
        and (type(username) is str or username is None)
        and (type(name) is str or name is None)
        and (type(image) is str or image is None)
        and (type(url) is str or url is None)
        and (type(status) is str or status is None)
        and (type(left) is str or left is None)
        and (type(tier) is str or tier is None)
    ):
        raise ValueError
    draft.extra = {} if len(fields) == len(_NO_CONNECTION) else _beyond(_NO_CONNECTION, fields)
    draft.__class__ = Connection
    whole: Connection = draft
    return whole


def _beyond(known: dict[str, JSONValue], fields: dict[str, JSONValue]) -> dict[str, JSONValue]:
    return {name: value for name, value in fields.items() if name not in known}


HOOKS: dict[type[attrs.AttrsInstance], Callable[[Any, Any], Any]] = {
    LastError: _last_error,
    Connection: _connection,
}
