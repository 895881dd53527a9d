"""Lets what reads dataclasses read our records: ``pd.DataFrame(accounts)`` has their fields."""

from dataclasses import field, make_dataclass
from functools import cache
from typing import Any

import attrs

__all__ = ["AsDataclass"]


class _OfTwin:
    """An attribute that a dataclass of the same fields has, made when it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, record: object, owner: type[attrs.AttrsInstance]) -> object:
        return getattr(_twin(owner), self._name)


class AsDataclass:
    """
    An attrs class whose fields are found as a dataclass's are, its properties among them.

    pandas and polars make a column of each.
    """

    __slots__ = ()

    __dataclass_fields__: object = _OfTwin("__dataclass_fields__")
    __dataclass_params__: object = _OfTwin("__dataclass_params__")


@cache
def _twin(owner: type[attrs.AttrsInstance]) -> type:
    first, *others = [(one.name, one.type or object, _field(one)) for one in attrs.fields(owner)]
    properties = [name for name, member in vars(owner).items() if isinstance(member, property)]
    more = [(name, object, field(init=False)) for name in properties]
    return make_dataclass(owner.__name__, [first, *more, *others], frozen=True, kw_only=True)


def _field(one: "attrs.Attribute[Any]") -> object:
    if one.default is attrs.NOTHING:
        return field(metadata=one.metadata)
    factory = getattr(one.default, "factory", None)
    if factory is not None:
        return field(default_factory=factory, metadata=one.metadata)
    return field(default=one.default, metadata=one.metadata)
