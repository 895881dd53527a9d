"""Lets others read the public face: mocks, ``help()``, ``typing.get_type_hints()``, pydantic."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core.core_schema import CoreSchema

__all__ = ["AsList", "AsObject", "AsText", "AsUnion", "LazyModule", "resource"]

T = TypeVar("T")


class LazyModule:
    """
    Stands for a module that only annotations name, and imports it when they are resolved.

    Args:
        name: The module's. Where it is not installed, its names resolve to ``Any``.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401  # whatever the module has
        try:
            return getattr(import_module(self._name), attribute)
        except ImportError:
            return Any


def resource(kind: type[T]) -> T:
    """
    Say on the client's class which resource its instances have under that name.

    Without it ``Mock(spec=Publora)`` would know no resource: only ``__init__`` sets them.

    Args:
        kind: The resource's class.

    Returns:
        For type checkers what an instance has. ty takes a descriptor that says so itself for
        what the attribute may be, and finds an error in each call.
    """
    return cast("T", _Resource(kind))


class _Resource(Generic[T]):
    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    def __get__(self, client: object, owner: type) -> type[T]:
        # An instance's own attribute goes first, as there is no __set__ here.
        if client is None:
            return self._kind
        raise AttributeError(f"this {owner.__name__} was not made: call {owner.__name__}(...)")


class AsObject:
    """
    An attrs class that pydantic reads and writes as an object, for models and for FastAPI.

    The object has the record's fields in snake case, and its properties besides, which are left
    unread when it comes back. Nothing imports pydantic before pydantic asks.
    """

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _: object, handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        from pydantic_core import core_schema

        record: type = cls
        given = _given(record)
        hints = given.__annotations__
        taken = {
            field.name: core_schema.typed_dict_field(
                handler.generate_schema(hints[field.name]),
                required=field.default is attrs.NOTHING,
            )
            for field in attrs.fields(record)
        }
        return _schema(
            cls,
            core_schema.typed_dict_schema(taken),
            lambda fields: cls(**fields),
            handler.generate_schema(given),
            lambda some: {name: getattr(some, name) for name in hints},
        )


class AsList:
    """A sequence that pydantic reads and writes as a list."""

    __slots__ = ()

    _item: ClassVar[object]

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _: object, handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        items = handler.generate_schema(list[cls._item])  # type: ignore[name-defined]  # made anew
        return _schema(cls, items, cls, items, list)


class AsUnion:
    """A class that stands for several, which pydantic reads and writes as one of those."""

    __slots__ = ()

    _members: ClassVar[object]

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _: object, handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        return handler.generate_schema(cls._members)


class AsText:
    """An error that pydantic writes as its text; read again it is no more than that."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _: object, handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        def read(text: str) -> object:
            try:
                return cls(text)  # type: ignore[call-arg]  # an error
            except TypeError:
                raise ValueError(f"a {cls.__name__} is more than its text") from None

        text = handler.generate_schema(str)
        return _schema(cls, text, read, text, str)


def _schema(
    kind: type,
    taken: "CoreSchema",
    read: Callable[[Any], object],
    given: "CoreSchema",
    write: Callable[[Any], object],
) -> "CoreSchema":
    from pydantic_core import core_schema

    made = core_schema.no_info_after_validator_function(read, taken)
    return core_schema.json_or_python_schema(
        json_schema=made,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(kind), made]),
        serialization=core_schema.plain_serializer_function_ser_schema(write, return_schema=given),
    )


@cache
def _given(record: type) -> Any:  # noqa: ANN401  # a TypedDict
    """Make the type of the dict that *record* becomes."""
    from typing_extensions import TypedDict

    hints = get_type_hints(record)
    kinds = {field.name: hints[field.name] for field in attrs.fields(record)}
    if "extra" in kinds:
        # What JSON holds is a type that names itself, of which pydantic would find no end.
        kinds["extra"] = dict[str, Any]
    for name, member in vars(record).items():
        if isinstance(member, property):
            kinds[name] = get_type_hints(member.fget)["return"]
        elif get_origin(hints.get(name)) is ClassVar and not name.startswith("_"):
            (kinds[name],) = get_args(hints[name])
    typed_dict: Any = TypedDict  # made by a call with names that only the record knows
    return typed_dict(record.__name__, kinds)
