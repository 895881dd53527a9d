"""Managed user ids, which can be made, checked and inverted without a table of them."""

import hashlib
import re
from collections.abc import Sequence
from typing import overload

import attrs

__all__ = ["MAX_USERS", "UserIds", "user_id", "user_index"]

MAX_USERS = 2**31
"""Half of what the ids can tell apart; the other half is left for users made later."""

_SHAPE = re.compile(r"[0-9a-f]{24}")
_SPAN = 2**32
_FACTOR = 0x9E3779B1
_INVERSE = pow(_FACTOR, -1, _SPAN)
_MASK = 0x5BD1E995
_EARLIEST = 0x62000000
_SECONDS = 0x05000000


def user_id(seed: int, index: int) -> str:
    """
    Give the id of the managed user at *index*: 24 hex digits that look like an ObjectId.

    The last 8 digits are *index*, scrambled. The first 16 (a time between 2022 and 2024, and
    a check) follow from *seed* and *index*.
    """
    check = int.from_bytes(hashlib.blake2b(f"{seed}/{index}".encode(), digest_size=8).digest())
    seconds = _EARLIEST + (check >> 32) % _SECONDS
    return f"{seconds:08x}{check % _SPAN:08x}{index * _FACTOR % _SPAN ^ _MASK:08x}"


def user_index(seed: int, text: object) -> int | None:
    """Give the index that *text* is the id of, or ``None`` if it is no id of this *seed*."""
    if not isinstance(text, str) or not _SHAPE.fullmatch(text):
        return None
    index = (int(text[16:], 16) ^ _MASK) * _INVERSE % _SPAN
    return index if user_id(seed, index) == text else None


@attrs.frozen
class UserIds(Sequence[str]):
    """
    The ids of many managed users, none of them held in memory.

    Attributes:
        seed: What the ids follow from.

        indices: Whose ids these are.
    """

    seed: int
    indices: range

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> "UserIds": ...

    def __getitem__(self, at: int | slice) -> "str | UserIds":
        if isinstance(at, slice):
            return UserIds(self.seed, self.indices[at])
        return user_id(self.seed, self.indices[at])

    def __contains__(self, text: object) -> bool:
        index = user_index(self.seed, text)
        return index is not None and index in self.indices
