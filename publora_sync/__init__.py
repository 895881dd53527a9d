"""
The Python SDK for Publora, called plainly: :class:`Publora`.

Records and errors are the very objects of :mod:`publora_async`, which is the one implementation.
Each name is imported when it is first used.
PYTEST_DONT_REWRITE: there is no assertion here for pytest to explain.
"""

import importlib
import sys
from typing import TYPE_CHECKING

from publora_async import __version__

if TYPE_CHECKING:
    from publora_async import (
        APIStatusError,
        Appeared,
        AttachedUser,
        AuthenticationError,
        BadRequestError,
        Broke,
        ClientStateError,
        ClientStats,
        Clock,
        ConfigurationError,
        ConflictError,
        Connection,
        ConnectionLink,
        ConnectionList,
        ConnectionTest,
        Event,
        Expiring,
        Flapping,
        GateState,
        GaveUp,
        Gone,
        JSONValue,
        LastError,
        Limit,
        ManagedUser,
        ManagedUserKey,
        ManagedUserList,
        NotFoundError,
        NotSentError,
        PermissionDeniedError,
        PermissionReason,
        Platform,
        PlatformName,
        PubloraError,
        RateLimitError,
        Reason,
        Recovered,
        Renamed,
        RequestTimeoutError,
        ResponseDecodeError,
        Row,
        Secret,
        Seen,
        ServerError,
        Snapshot,
        Stage,
        StateFileError,
        StatusName,
        StatusSource,
        TestStatus,
        TestStatusName,
        Timeouts,
        TokenStatus,
        TransportError,
        UserConnections,
        UserConnectionsList,
        UserFailed,
        UserResult,
        UserRow,
        UsersFailedError,
        UserSucceeded,
        decode_connections,
    )
    from publora_sync.answers import Answers
    from publora_sync.client import Publora
    from publora_sync.connections import Connections
    from publora_sync.managed_users import ManagedUsers
    from publora_sync.watch import Watch

__all__ = [
    "APIStatusError",
    "Answers",
    "Appeared",
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
    "Connections",
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
    "ManagedUsers",
    "NotFoundError",
    "NotSentError",
    "PermissionDeniedError",
    "PermissionReason",
    "Platform",
    "PlatformName",
    "Publora",
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
    "Watch",
    "__version__",
    "decode_connections",
]

_HOMES = {
    "Answers": "publora_sync.answers",
    "Connections": "publora_sync.connections",
    "ManagedUsers": "publora_sync.managed_users",
    "Publora": "publora_sync.client",
    "Watch": "publora_sync.watch",
}
"""The module that each name of this package's own comes from; all others are publora_async's."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        # With both, the traceback suggests a name that is like it.
        module = sys.modules[__name__]
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=module)
    value: object = getattr(importlib.import_module(_HOMES.get(name, "publora_async")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
