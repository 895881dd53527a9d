"""Today's 11 fields as msgspec's structs."""

from datetime import datetime

import msgspec

__all__ = ["Reply"]


class _LastError(msgspec.Struct, rename="camel"):
    message: str | None = None
    occurred_at: datetime | None = None


class _Connection(msgspec.Struct, rename="camel"):
    platform_id: str
    username: str | None = None
    display_name: str | None = None
    profile_image_url: str | None = None
    access_token_expires_at: datetime | None = None
    profile_url: str | None = None
    token_status: str | None = None
    token_expires_in: str | None = None
    last_successful_post: datetime | None = None
    last_error: _LastError | None = None
    subscription_type: str | None = None


class Reply(msgspec.Struct, rename="camel"):
    """An answer to ``GET /platform-connections``."""

    success: bool
    connections: list[_Connection]
