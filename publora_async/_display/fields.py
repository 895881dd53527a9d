"""Lets what reads dataclasses read our records: ``pd.DataFrame(accounts)`` has their fields."""

from dataclasses import field, make_dataclass
from functools import cache
from typing import Any

import attrs

__all__ = ["LikeDataclass"]


class LikeDataclass:
    """
    An attribute that :mod:`dataclasses` looks for in a class, made when it is first asked for.

    Args:
        name: The attribute's.
        derived: Properties that are to be fields besides.
    """

    def __init__(self, name: str, derived: tuple[str, ...] = ()) -> None:
        self._name = name
        self._derived = derived

    def __get__(self, record: object, owner: type[attrs.AttrsInstance]) -> object:
        return getattr(_twin(owner, self._derived), self._name)


@cache
def _twin(owner: type[attrs.AttrsInstance], derived: tuple[str, ...]) -> type:
    first, *others = [(one.name, one.type or object, _field(one)) for one in attrs.fields(owner)]
    more = [(name, str, field(init=False)) for name in derived]
    return make_dataclass(owner.__name__, [first, *more, *others], frozen=True, kw_only=True)


def _field(one: "attrs.Attribute[Any]") -> object:
    if one.default is attrs.NOTHING:
        return field(metadata=one.metadata)
    factory = getattr(one.default, "factory", None)
    if factory is not None:
        return field(default_factory=factory, metadata=one.metadata)
    return field(default=one.default, metadata=one.metadata)
