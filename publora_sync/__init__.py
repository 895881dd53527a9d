"""
The Python SDK for Publora, called plainly: :class:`Publora`.

Records and errors are the very objects of :mod:`publora_async`, which is the one implementation.
"""

from publora_async import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConfigurationError,
    ConflictError,
    Connection,
    ConnectionLink,
    ConnectionList,
    ConnectionTest,
    GaveUp,
    JSONValue,
    LastError,
    Limit,
    ManagedUser,
    ManagedUserKey,
    NotFoundError,
    NotSentError,
    PermissionDeniedError,
    PermissionReason,
    Platform,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    ResponseDecodeError,
    Row,
    Secret,
    ServerError,
    Stage,
    StatusSource,
    TestStatus,
    Timeouts,
    TokenStatus,
    TransportError,
    UserConnections,
    UserConnectionsList,
    UsersFailedError,
    decode_connections,
)
from publora_sync.answers import Answers
from publora_sync.client import Publora
from publora_sync.connections import Connections
from publora_sync.managed_users import ManagedUsers

__all__ = [
    "APIStatusError",
    "Answers",
    "AuthenticationError",
    "BadRequestError",
    "ClientStateError",
    "ConfigurationError",
    "ConflictError",
    "Connection",
    "ConnectionLink",
    "ConnectionList",
    "ConnectionTest",
    "Connections",
    "GaveUp",
    "JSONValue",
    "LastError",
    "Limit",
    "ManagedUser",
    "ManagedUserKey",
    "ManagedUsers",
    "NotFoundError",
    "NotSentError",
    "PermissionDeniedError",
    "PermissionReason",
    "Platform",
    "Publora",
    "PubloraError",
    "RateLimitError",
    "RequestTimeoutError",
    "ResponseDecodeError",
    "Row",
    "Secret",
    "ServerError",
    "Stage",
    "StatusSource",
    "TestStatus",
    "Timeouts",
    "TokenStatus",
    "TransportError",
    "UserConnections",
    "UserConnectionsList",
    "UsersFailedError",
    "decode_connections",
]


def __dir__() -> list[str]:
    return __all__
