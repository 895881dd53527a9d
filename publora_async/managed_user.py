"""A user that a workspace key manages, and what is made for one."""

from collections.abc import Mapping
from datetime import datetime

import attrs

from publora_async._wire import JSONValue, named, to_wire
from publora_async.secret import Secret

__all__ = ["ConnectionLink", "ManagedUser", "ManagedUserKey"]


@attrs.frozen(kw_only=True)
class ManagedUser:
    """
    A user of the workspace that the key belongs to.

    Attributes:
        id: What to pass as *user_id*. The wire calls it ``_id``.

        email: The wire calls it ``username``.

        display_name: ``None`` if none was given.

        role: ``"managed"``, as far as is known. ``None`` if the service did not say.

        daily_posts_left: How many posts are left today; not enforced. ``None`` if not known.

        connections_page_url: The link for connecting accounts, where one was made. ``None``
            otherwise.

        connections_page_token_expires_at: When that link lapses, in UTC. ``None`` without one.

        extra: Fields that this version does not know, as the wire spells them.
    """

    id: str = attrs.field(metadata=named("_id"))
    email: str | None = attrs.field(default=None, metadata=named("username"))
    display_name: str | None = None
    role: str | None = None
    daily_posts_left: int | None = None
    connections_page_url: str | None = None
    connections_page_token_expires_at: datetime | None = None
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)

    def to_dict(self) -> dict[str, JSONValue]:
        """The wire's form: camel case, without what is ``None``."""
        return to_wire(self)


@attrs.frozen(kw_only=True)
class ConnectionLink:
    """
    A link with which a managed user connects accounts in a browser.

    Attributes:
        url: Send it to the user, and to nobody else.

        token_expires_at: When it lapses, in UTC. ``None`` if the service did not say.

        extra: Fields that this version does not know, as the wire spells them.
    """

    url: str
    token_expires_at: datetime | None = None
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)


@attrs.frozen(kw_only=True)
class ManagedUserKey:
    """
    An API key of a managed user's own. The service shows it this once.

    It cannot be pickled, as it holds a secret: ``str(key.api_key)`` is the text to store.

    Attributes:
        api_key: The secret; ``repr`` shows ``***``.

        user_id: Whose it is. ``None`` if the service did not say.

        message: The service's remark on it. ``None`` if it made none.

        extra: Fields that this version does not know, as the wire spells them.
    """

    api_key: Secret
    user_id: str | None = None
    message: str | None = None
    extra: Mapping[str, JSONValue] = attrs.field(factory=dict, hash=False)
