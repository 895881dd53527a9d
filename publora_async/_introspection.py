"""Lets other programs read the public face: mocks, ``help()``, ``typing.get_type_hints()``."""

from importlib import import_module
from typing import Any, Generic, TypeVar, overload

__all__ = ["LazyModule", "Resource"]

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


class Resource(Generic[T]):
    """
    Says on the client's class which resource its instances have under that name.

    Without it ``Mock(spec=Publora)`` would know no resource: only ``__init__`` sets them.

    Args:
        kind: The resource's class.
    """

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    @overload
    def __get__(self, client: None, owner: type) -> type[T]: ...
    @overload
    def __get__(self, client: object, owner: type) -> T: ...
    def __get__(self, client: object, owner: type) -> type[T] | T:
        # An instance's own attribute goes first, as there is no __set__ here.
        if client is None:
            return self._kind
        raise AttributeError(f"this {owner.__name__} was not made: call {owner.__name__}(...)")
