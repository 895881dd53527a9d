"""Today's 11 fields as pydantic models."""

from datetime import datetime

import pydantic
from pydantic.alias_generators import to_camel

__all__ = ["Reply"]


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(alias_generator=to_camel)


class _LastError(_Model):
    message: str | None = None
    occurred_at: datetime | None = None


class _Connection(_Model):
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


class Reply(_Model):
    """An answer to ``GET /platform-connections``."""

    success: bool
    connections: list[_Connection]
