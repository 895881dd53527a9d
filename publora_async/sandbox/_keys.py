"""The API keys: whose they are, and which are refused."""

from itertools import count
from typing import NamedTuple

from publora_async.sandbox._data import Owner
from publora_async.sandbox._routes import Refusal
from publora_async.sandbox._seeded_random import SeededRandom

__all__ = [
    "NO_API_ACCESS_KEY",
    "NO_OWNER_ACCESS_KEY",
    "ORDINARY_KEY",
    "OWNERLESS_KEY",
    "Caller",
    "Keys",
]

ORDINARY_KEY = "sk_sandbox.ordinary"
NO_API_ACCESS_KEY = "sk_sandbox.no_api_access"
NO_OWNER_ACCESS_KEY = "sk_sandbox.no_owner_access"
OWNERLESS_KEY = "sk_sandbox.ownerless"

# The documentation's own snippets send this one.
_PLACEHOLDER_KEY = "YOUR_API_KEY"


class Caller(NamedTuple):
    """
    Who makes a request, according to its key.

    Attributes:
        owner: The key's own account: a managed user's index, or ``None`` for the sandbox's.

        workspace: Whether the key may act for managed users.

        makes_keys: Whether the workspace's owner has the API access that making keys takes.
    """

    owner: Owner
    workspace: bool
    makes_keys: bool = True


class Keys:
    """
    The keys of one sandbox.

    Args:
        seed: Decides the keys that are made for managed users.

        api_key: The key with workspace access.
    """

    def __init__(self, seed: int, api_key: str) -> None:
        self._seed = seed
        self._api_key = api_key
        self._uses_left: int | None = None
        self._issued: dict[str, int] = {}
        self._serials = count()

    def admit(self, key: str | None) -> Caller:
        """
        Tell whose *key* a request has.

        Raises:
            Refusal: The key is missing, unknown, revoked, or of an account without API access.
        """
        if not key:
            raise Refusal(401, "API key is required")
        if key in (self._api_key, _PLACEHOLDER_KEY) and self._use():
            return Caller(owner=None, workspace=True)
        if key in self._issued:
            return Caller(owner=self._issued[key], workspace=False)
        if key == ORDINARY_KEY:
            return Caller(owner=None, workspace=False)
        if key == NO_OWNER_ACCESS_KEY:
            return Caller(owner=None, workspace=True, makes_keys=False)
        if key == NO_API_ACCESS_KEY:
            raise Refusal(403, "API access is not enabled for this account")
        if key == OWNERLESS_KEY:
            raise Refusal(401, "Invalid API key owner")
        raise Refusal(401, "Invalid API key")

    def issue(self, index: int) -> str:
        """Make a key for the managed user at *index*, and end the earlier ones."""
        random = SeededRandom("key", self._seed, index, next(self._serials))
        key = f"sk_{1_700_000_000_000 + random.below(10**11)}.{random.text('0123456789abcdef', 48)}"
        self._issued = {
            earlier: owner for earlier, owner in self._issued.items() if owner != index
        } | {key: index}
        return key

    def revoke(self, after: int) -> None:
        """Refuse the API key after it has served *after* more requests."""
        self._uses_left = after

    def _use(self) -> bool:
        if self._uses_left is None:
            return True
        if self._uses_left == 0:
            return False
        self._uses_left -= 1
        return True
