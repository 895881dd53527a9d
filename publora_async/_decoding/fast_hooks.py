"""
Structure hooks for the records that come by the thousand, with the construction written out.

Each reads what the hook that cattrs generates for the record reads, in a seventh of the time, and
refuses what that one refuses; it does not say why.
"""

from datetime import UTC, datetime
from typing import Any

import attrs

from publora_async._decoding.strict_json import is_inexact
from publora_async._wire import JSONValue, wire_name
from publora_async.records import Connection, LastError

__all__ = ["connections", "in_utc", "last_error", "parse_time"]


def _draft_of(record: type) -> Any:  # noqa: ANN401  # fields are set that are frozen elsewhere
    """
    Make a twin of *record* whose fields can be set, until its class is changed to *record*.

    The ``__init__`` of a frozen class sets each field through a call, which would double the
    time that a record takes.
    """
    # All three, or CPython goes by a slower way for each.
    free = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    return type(f"{record.__name__}Draft", (record,), {"__slots__": (), **free})


def _nulls_of(record: type[attrs.AttrsInstance]) -> dict[str, JSONValue]:
    """Name every field of *record* as the wire does, each null."""
    return {wire_name(field): None for field in attrs.fields(record) if field.name != "extra"}


# Bound to the class itself: a test may put a frozen clock's in the place of datetime.
parse_time = datetime.fromisoformat
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_ConnectionDraft, _NO_CONNECTION = _draft_of(Connection), _nulls_of(Connection)
_CONNECTION_FIELDS = len(_NO_CONNECTION)
_ErrorDraft, _NO_ERROR = _draft_of(LastError), _nulls_of(LastError)


def in_utc(time: datetime) -> datetime:
    """
    Give the same moment in UTC; a time without a zone counts as UTC.

    A moment before year 1 or after year 9999 there is the first or the last that there is.
    """
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return _FIRST if time.year == 1 else _LAST


def last_error(fields: Any, _: object = None) -> LastError:  # noqa: ANN401  # JSON
    """
    Read what the last failed post met.

    Raises:
        KeyError, OverflowError, TypeError, ValueError: It is something else.
    """
    try:
        message, time = fields["message"], fields["occurredAt"]
    except KeyError:
        return last_error(_NO_ERROR | fields)
    if time is not None and (time := parse_time(time)).tzinfo is not UTC:
        time = in_utc(time)
    if not (type(message) is str or message is None):
        raise ValueError
    draft = _ErrorDraft()
    draft.message = message
    draft.occurred_at = time
    draft.extra = {} if len(fields) == len(_NO_ERROR) else _beyond(_NO_ERROR, fields)
    draft.__class__ = LastError
    whole: LastError = draft
    return whole


def connections(items: Any, _: object = None) -> list[Connection]:  # noqa: ANN401  # JSON
    """
    Read a list of connections.

    Raises:
        KeyError, OverflowError, TypeError, ValueError: There is something else among them.
    """
    found: list[Connection] = []
    for item in items:
        # Fewer are as in the contract's own example. To find it out by the KeyError costs more.
        fields = item if len(item) >= _CONNECTION_FIELDS else _NO_CONNECTION | item
        try:
            platform_id = fields["platformId"]
            username = fields["username"]
            name = fields["displayName"]
            image = fields["profileImageUrl"]
            expires = fields["accessTokenExpiresAt"]
            url = fields["profileUrl"]
            status = fields["tokenStatus"]
            left = fields["tokenExpiresIn"]
            posted = fields["lastSuccessfulPost"]
            error = fields["lastError"]
            tier = fields["subscriptionType"]
        except KeyError:
            found += connections([_NO_CONNECTION | fields])
            continue
        if not (
            type(platform_id) is str
            and (type(username) is str or username is None)
            and (type(name) is str or name is None)
            and (type(image) is str or image is None)
            and (type(url) is str or url is None)
            and (type(status) is str or status is None)
            and (left is None or type(left) is str)
            and (tier is None or type(tier) is str)
        ):
            raise ValueError
        if expires is not None and (expires := parse_time(expires)).tzinfo is not UTC:
            expires = in_utc(expires)
        if posted is not None and (posted := parse_time(posted)).tzinfo is not UTC:
            posted = in_utc(posted)
        draft = _ConnectionDraft()
        draft.platform_id = platform_id
        draft.username = username
        draft.display_name = name
        draft.profile_image_url = image
        draft.access_token_expires_at = expires
        draft.profile_url = url
        draft.token_status = status
        draft.token_expires_in = left
        draft.last_successful_post = posted
        draft.last_error = None if error is None else last_error(error)
        draft.subscription_type = tier
        draft.extra = {} if len(fields) == _CONNECTION_FIELDS else _beyond(_NO_CONNECTION, fields)
        draft.__class__ = Connection
        found.append(draft)
    return found


def _beyond(known: dict[str, JSONValue], fields: dict[str, JSONValue]) -> dict[str, JSONValue]:
    extra = {name: value for name, value in fields.items() if name not in known}
    if is_inexact(extra):
        raise ValueError
    return extra
