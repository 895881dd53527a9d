"""Settings out of their range, refused in one sentence."""

import re
from collections.abc import Collection

__all__ = ["check_number", "check_rate", "check_seconds", "check_user_ids"]

_MOST = 2**31
_USER_ID = re.compile(r"[0-9a-f]{24}")


def check_number(name: str, number: object, least: int = 0, most: int = _MOST) -> None:
    """
    Let a whole number from *least* to *most* pass.

    Raises:
        ValueError: The setting *name* has another value.
    """
    if type(number) is not int or not least <= number <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}, not {number!r}")


def check_rate(name: str, rate: float) -> None:
    """
    Let a share of the whole pass.

    Raises:
        ValueError: The setting *name* has another value.
    """
    if not _is_number(rate) or not 0 <= rate <= 1:
        raise ValueError(f"{name} must be a number from 0 to 1, not {rate!r}")


def check_seconds(name: str, span: tuple[float, float], most: float) -> None:
    """
    Let two numbers of seconds from 0 to *most* pass, the lesser one first.

    Raises:
        ValueError: The setting *name* has another value.
    """
    pair = isinstance(span, tuple) and len(span) == 2 and all(map(_is_number, span))
    if not pair or not 0 <= span[0] <= span[1] <= most:
        raise ValueError(
            f"{name} must be seconds from 0 to {most}, the lesser number first, not {span!r}"
        )


def check_user_ids(name: str, user_ids: Collection[str]) -> None:
    """
    Let managed users' ids pass, which need not belong to anybody.

    Raises:
        ValueError: The setting *name* has another value.
    """
    for user_id in user_ids:
        if not _USER_ID.fullmatch(user_id):
            raise ValueError(f"{name} must hold managed users' ids, not {user_id!r}")


def _is_number(value: object) -> bool:
    return type(value) in {int, float}
