"""Text that does not show itself."""

from typing import NoReturn, SupportsIndex

__all__ = ["Secret"]


class Secret(str):
    """
    Text that does not show itself: ``repr`` gives ``***``; pickling and copying are refused.

    It is otherwise the text it holds, so ``str(secret)`` and an f-string give it away.

    Example:
        >>> key = Secret("sk_made.up")
        >>> key, key == "sk_made.up"
        (***, True)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    def __getitem__(self, index: SupportsIndex | slice) -> "Secret":
        # What shortens long text before it shows it (rich, reprlib) shows a part of it.
        return Secret(super().__getitem__(index))

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied: read it anew where it is needed")
