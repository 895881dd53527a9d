"""
The Python SDK for Publora, awaited; :mod:`publora_sync` is the same without ``await``.

Each name is imported when it is first used: to take an error or a record from here does not load
the client, and pytest, which loads this package wherever it is installed, loads nothing else.
PYTEST_DONT_REWRITE: there is no assertion here for it to explain.
"""

import importlib
import logging
import sys
from typing import TYPE_CHECKING

from publora_async._version import __version__

if TYPE_CHECKING:
    from publora_async._wire import JSONValue
    from publora_async.answers import AsyncAnswers
    from publora_async.client import AsyncPublora
    from publora_async.connection_list import ConnectionList, decode_connections
    from publora_async.connections import AsyncConnections
    from publora_async.errors import (
        APIStatusError,
        AuthenticationError,
        BadRequestError,
        ClientStateError,
        ConfigurationError,
        ConflictError,
        GaveUp,
        Limit,
        NotFoundError,
        NotSentError,
        PermissionDeniedError,
        PubloraError,
        RateLimitError,
        RequestTimeoutError,
        ResponseDecodeError,
        ServerError,
        Stage,
        StateFileError,
        TransportError,
        UsersFailedError,
    )
    from publora_async.managed_users import (
        AsyncManagedUsers,
        AttachedUser,
        ConnectionLink,
        ManagedUser,
        ManagedUserKey,
        ManagedUserList,
        UserRow,
    )
    from publora_async.options import ClientStats, GateState, Timeouts
    from publora_async.permissions import PermissionReason
    from publora_async.records import (
        Connection,
        ConnectionTest,
        LastError,
        Platform,
        PlatformName,
        Row,
        StatusName,
        StatusSource,
        TestStatus,
        TestStatusName,
        TokenStatus,
    )
    from publora_async.secret import Secret
    from publora_async.snapshots import (
        Appeared,
        Broke,
        Event,
        Expiring,
        Flapping,
        Gone,
        Reason,
        Recovered,
        Renamed,
        Seen,
        Snapshot,
    )
    from publora_async.user_connections import (
        UserConnections,
        UserConnectionsList,
        UserFailed,
        UserSucceeded,
    )
    from publora_async.watch import AsyncWatch, Clock, Users, WatchedUsers

__all__ = [
    "APIStatusError",
    "Appeared",
    "AsyncAnswers",
    "AsyncConnections",
    "AsyncManagedUsers",
    "AsyncPublora",
    "AsyncWatch",
    "AttachedUser",
    "AuthenticationError",
    "BadRequestError",
    "Broke",
    "ClientStateError",
    "ClientStats",
    "Clock",
    "ConfigurationError",
    "ConflictError",
    "Connection",
    "ConnectionLink",
    "ConnectionList",
    "ConnectionTest",
    "Event",
    "Expiring",
    "Flapping",
    "GateState",
    "GaveUp",
    "Gone",
    "JSONValue",
    "LastError",
    "Limit",
    "ManagedUser",
    "ManagedUserKey",
    "ManagedUserList",
    "NotFoundError",
    "NotSentError",
    "PermissionDeniedError",
    "PermissionReason",
    "Platform",
    "PlatformName",
    "PubloraError",
    "RateLimitError",
    "Reason",
    "Recovered",
    "Renamed",
    "RequestTimeoutError",
    "ResponseDecodeError",
    "Row",
    "Secret",
    "Seen",
    "ServerError",
    "Snapshot",
    "Stage",
    "StateFileError",
    "StatusName",
    "StatusSource",
    "TestStatus",
    "TestStatusName",
    "Timeouts",
    "TokenStatus",
    "TransportError",
    "UserConnections",
    "UserConnectionsList",
    "UserFailed",
    "UserRow",
    "UserSucceeded",
    "Users",
    "UsersFailedError",
    "WatchedUsers",
    "__version__",
    "decode_connections",
]

_HOMES = {
    "APIStatusError": "publora_async.errors",
    "Appeared": "publora_async.snapshots",
    "AsyncAnswers": "publora_async.answers",
    "AsyncConnections": "publora_async.connections",
    "AsyncManagedUsers": "publora_async.managed_users",
    "AsyncPublora": "publora_async.client",
    "AsyncWatch": "publora_async.watch",
    "AttachedUser": "publora_async.managed_users",
    "AuthenticationError": "publora_async.errors",
    "BadRequestError": "publora_async.errors",
    "Broke": "publora_async.snapshots",
    "ClientStateError": "publora_async.errors",
    "ClientStats": "publora_async.options",
    "Clock": "publora_async.watch",
    "ConfigurationError": "publora_async.errors",
    "ConflictError": "publora_async.errors",
    "Connection": "publora_async.records",
    "ConnectionLink": "publora_async.managed_users",
    "ConnectionList": "publora_async.connection_list",
    "ConnectionTest": "publora_async.records",
    "Event": "publora_async.snapshots",
    "Expiring": "publora_async.snapshots",
    "Flapping": "publora_async.snapshots",
    "GateState": "publora_async.options",
    "GaveUp": "publora_async.errors",
    "Gone": "publora_async.snapshots",
    "JSONValue": "publora_async._wire",
    "LastError": "publora_async.records",
    "Limit": "publora_async.errors",
    "ManagedUser": "publora_async.managed_users",
    "ManagedUserKey": "publora_async.managed_users",
    "ManagedUserList": "publora_async.managed_users",
    "NotFoundError": "publora_async.errors",
    "NotSentError": "publora_async.errors",
    "PermissionDeniedError": "publora_async.errors",
    "PermissionReason": "publora_async.permissions",
    "Platform": "publora_async.records",
    "PlatformName": "publora_async.records",
    "PubloraError": "publora_async.errors",
    "RateLimitError": "publora_async.errors",
    "Reason": "publora_async.snapshots",
    "Recovered": "publora_async.snapshots",
    "Renamed": "publora_async.snapshots",
    "RequestTimeoutError": "publora_async.errors",
    "ResponseDecodeError": "publora_async.errors",
    "Row": "publora_async.records",
    "Secret": "publora_async.secret",
    "Seen": "publora_async.snapshots",
    "ServerError": "publora_async.errors",
    "Snapshot": "publora_async.snapshots",
    "Stage": "publora_async.errors",
    "StateFileError": "publora_async.errors",
    "StatusName": "publora_async.records",
    "StatusSource": "publora_async.records",
    "TestStatus": "publora_async.records",
    "TestStatusName": "publora_async.records",
    "Timeouts": "publora_async.options",
    "TokenStatus": "publora_async.records",
    "TransportError": "publora_async.errors",
    "UserConnections": "publora_async.user_connections",
    "UserConnectionsList": "publora_async.user_connections",
    "UserFailed": "publora_async.user_connections",
    "UserRow": "publora_async.managed_users",
    "UserSucceeded": "publora_async.user_connections",
    "Users": "publora_async.watch",
    "UsersFailedError": "publora_async.errors",
    "WatchedUsers": "publora_async.watch",
    "decode_connections": "publora_async.connection_list",
}
"""The module that each public name comes from."""

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        # With both, the traceback suggests a name that is like it.
        module = sys.modules[__name__]
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=module)
    value: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
