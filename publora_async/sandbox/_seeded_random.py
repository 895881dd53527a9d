"""Numbers that follow from a text and from nothing else."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["SeededRandom"]

T = TypeVar("T")


class SeededRandom:
    """
    A short run of numbers that depends only on what it was made from.

    Unlike ``random`` it is the same on every Python, and cheap enough for one per account.

    Args:
        source: What the numbers follow from. It is good for 512 bits of choices.
    """

    __slots__ = ("_left",)

    def __init__(self, *source: object) -> None:
        text = "/".join(map(str, source))
        self._left = int.from_bytes(hashlib.blake2b(text.encode()).digest())

    def below(self, limit: int) -> int:
        """Take a whole number from 0 to *limit* - 1."""
        self._left, number = divmod(self._left, limit)
        return number

    def pick(self, options: Sequence[T]) -> T:
        """Take one of *options*."""
        return options[self.below(len(options))]

    def text(self, alphabet: str, length: int) -> str:
        """Take *length* characters of *alphabet*."""
        return "".join([self.pick(alphabet) for _ in range(length)])
