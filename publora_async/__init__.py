"""The Python SDK for Publora, awaited; :mod:`publora_sync` is the same without ``await``."""

import logging

from publora_async._decode import decode_connections
from publora_async.client import AsyncPublora, Changes
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
    PermissionDeniedError,
    PermissionReason,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    Stage,
    TransportError,
)
from publora_async.options import Timeouts
from publora_async.records import (
    Connection,
    JSONValue,
    LastError,
    Platform,
    Row,
    StatusSource,
    TokenStatus,
)

__all__ = [
    "APIStatusError",
    "AsyncConnections",
    "AsyncPublora",
    "AuthenticationError",
    "BadRequestError",
    "Changes",
    "ClientStateError",
    "ConfigurationError",
    "ConflictError",
    "Connection",
    "ConnectionList",
    "GaveUp",
    "JSONValue",
    "LastError",
    "Limit",
    "NotFoundError",
    "PermissionDeniedError",
    "PermissionReason",
    "Platform",
    "PubloraError",
    "RateLimitError",
    "RequestTimeoutError",
    "ResponseDecodeError",
    "Row",
    "ServerError",
    "Stage",
    "StatusSource",
    "Timeouts",
    "TokenStatus",
    "TransportError",
    "decode_connections",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())
