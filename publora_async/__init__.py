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
    from publora_async._watch.events import (
        Appeared,
        Broke,
        Event,
        Expiring,
        Flapping,
        Gone,
        Reason,
        Recovered,
        Renamed,
    )
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
        UserResult,
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
    from publora_async.snapshots import Seen, Snapshot
    from publora_async.user_connections import (
        UserConnections,
        UserConnectionsList,
        UserFailed,
        UserSucceeded,
    )
    from publora_async.watch import AsyncWatch, Clock

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
    "UserResult",
    "UserRow",
    "UserSucceeded",
    "UsersFailedError",
    "__version__",
    "decode_connections",
]

_HOMES = {
    name: f"publora_async.{module}"
    for module, names in {
        "_watch.events": ("Appeared Broke Event Expiring Flapping Gone Reason Recovered Renamed"),
        "_wire": "JSONValue",
        "answers": "AsyncAnswers",
        "client": "AsyncPublora",
        "connection_list": "ConnectionList decode_connections",
        "connections": "AsyncConnections",
        "errors": (
            "APIStatusError AuthenticationError BadRequestError ClientStateError "
            "ConfigurationError ConflictError GaveUp Limit NotFoundError NotSentError "
            "PermissionDeniedError PubloraError RateLimitError RequestTimeoutError "
            "ResponseDecodeError ServerError Stage StateFileError TransportError "
            "UserResult UsersFailedError"
        ),
        "managed_users": (
            "AsyncManagedUsers AttachedUser ConnectionLink ManagedUser ManagedUserKey "
            "ManagedUserList UserRow"
        ),
        "options": "ClientStats GateState Timeouts",
        "permissions": "PermissionReason",
        "records": (
            "Connection ConnectionTest LastError Platform PlatformName Row StatusName "
            "StatusSource TestStatus TestStatusName TokenStatus"
        ),
        "secret": "Secret",
        "snapshots": "Seen Snapshot",
        "user_connections": "UserConnections UserConnectionsList UserFailed UserSucceeded",
        "watch": "AsyncWatch Clock",
    }.items()
    for name in names.split()
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
