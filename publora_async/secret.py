"""Text that does not show itself, and what may be sent in a header."""

import re
from typing import NoReturn, SupportsIndex

from publora_async.errors import ConfigurationError

__all__ = ["Secret", "check_header_value", "masked"]


class Secret(str):
    """
    Text that does not show itself: ``repr`` gives ``***``; pickling and copying are refused.

    It is otherwise the text it holds, so ``str(secret)`` and an f-string give it away.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    def __getitem__(self, index: SupportsIndex | slice) -> "Secret":
        # What shortens long text before it shows it (rich, reprlib) shows a part of it.
        return Secret(super().__getitem__(index))

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied: read it anew where it is needed")


def masked(value: str | None) -> str | None:
    """
    Give what may stay in a frame that a traceback with locals shows.

    Text is masked. Of what is no text only the type is kept, to be refused by name.
    """
    if value is None or isinstance(value, str):
        return None if value is None else Secret(value)
    # A sync client masks it, and then the async one within.
    return value if isinstance(value, type) else type(value)


def check_header_value(what: str, value: str) -> str:
    """
    Refuse what cannot travel unharmed in a header.

    Args:
        what: How a message names the value, which is never quoted.
        value: What is to be sent.

    Raises:
        ConfigurationError: *value* is not 1 to 512 printable ASCII characters.
    """
    if not isinstance(value, str):
        kind = value if isinstance(value, type) else type(value)
        raise ConfigurationError(f"{what} must be text, not {kind.__name__}")
    if not 1 <= len(value) <= 512:
        raise ConfigurationError(f"{what} must be 1 to 512 characters long, not {len(value)}")
    # A lone surrogate would be dropped on the wire: "u\ud800" would ask about user "u".
    if bad := re.search(r"[^!-~]", value):
        raise ConfigurationError(
            f"{what} may hold only printable ASCII characters without blanks; "
            f"character {bad.start() + 1} of {len(value)} is something else"
        )
    return value
