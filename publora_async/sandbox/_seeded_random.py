"""Random numbers that are the same for the same seed, on every Python."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["SeededRandom"]

T = TypeVar("T")


class SeededRandom:
    """
    A few random numbers that depend on nothing but *source*.

    Unlike the numbers of ``random`` they are the same on every Python, and making them is cheap
    enough to do so for every account.

    Args:
        source: The same *source* gives the same numbers, up to 512 bits of them.
    """

    __slots__ = ("_left",)

    def __init__(self, *source: object) -> None:
        text = "/".join(map(str, source))
        self._left = int.from_bytes(hashlib.blake2b(text.encode()).digest())

    def below(self, limit: int) -> int:
        """Draw a whole number from 0 to *limit* - 1."""
        self._left, number = divmod(self._left, limit)
        return number

    def pick(self, options: Sequence[T]) -> T:
        """Draw one of *options*."""
        return options[self.below(len(options))]

    def text(self, alphabet: str, length: int) -> str:
        """Draw *length* characters of *alphabet*."""
        return "".join([self.pick(alphabet) for _ in range(length)])
