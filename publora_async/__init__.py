"""The Python SDK for Publora, awaited; :mod:`publora_sync` is the same without ``await``."""

import logging

from publora_async._decoding.bodies import decode_connections
from publora_async._version import __version__
from publora_async._wire import JSONValue
from publora_async.answers import AsyncAnswers
from publora_async.client import AsyncPublora
from publora_async.connection_list import ConnectionList
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
    PermissionReason,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    Stage,
    TransportError,
    UsersFailedError,
)
from publora_async.managed_users import (
    AsyncManagedUsers,
    ConnectionLink,
    ManagedUser,
    ManagedUserKey,
)
from publora_async.options import Timeouts
from publora_async.records import (
    Connection,
    ConnectionTest,
    LastError,
    Platform,
    Row,
    StatusSource,
    TestStatus,
    TokenStatus,
)
from publora_async.secret import Secret
from publora_async.user_connections import UserConnections, UserConnectionsList

__all__ = [
    "APIStatusError",
    "AsyncAnswers",
    "AsyncConnections",
    "AsyncManagedUsers",
    "AsyncPublora",
    "AuthenticationError",
    "BadRequestError",
    "ClientStateError",
    "ConfigurationError",
    "ConflictError",
    "Connection",
    "ConnectionLink",
    "ConnectionList",
    "ConnectionTest",
    "GaveUp",
    "JSONValue",
    "LastError",
    "Limit",
    "ManagedUser",
    "ManagedUserKey",
    "NotFoundError",
    "NotSentError",
    "PermissionDeniedError",
    "PermissionReason",
    "Platform",
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
    "__version__",
    "decode_connections",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __dir__() -> list[str]:
    return __all__
