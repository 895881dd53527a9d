"""Every field is documented where it is declared, and a record keeps what it does not know."""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs
from parity import sections
from surface import ROOT, Module, build, tell, walk

import publora_async

KINDS = [
    kind
    for kind in (getattr(publora_async, name) for name in publora_async.__all__)
    if inspect.isclass(kind) and attrs.has(kind)
]


def declared(kind: type) -> Iterator[tuple[str, type]]:
    """The public attributes that a class or one of its bases declares, each with which."""
    for base in reversed(kind.__mro__):
        if base.__module__.partition(".")[0] in sys.stdlib_module_names:
            continue
        for name in inspect.get_annotations(base):
            if not name.startswith("_"):
                yield name, base


def undocumented(kinds: Iterable[type]) -> Iterator[str]:
    """Say which attribute no docstring tells of, and which is told of and does not exist."""
    for kind in kinds:
        there = dict(declared(kind))
        told = {
            name: base
            for base in kind.__mro__
            for name in sections(base.__doc__ or "").get("Attributes", {})
        }
        for name, base in there.items():
            if name not in told:
                yield f"say in the `Attributes` of {base.__name__} what its `{name}` is for"
        for name, base in told.items():
            if name not in there:
                yield f"{base.__name__} has no `{name}`: take it out of its `Attributes`"


def forgetful(kinds: Iterable[type], decoded: Iterable[str]) -> Iterator[str]:
    """Say which record, a class with keyword-only fields, drops fields that it does not know."""
    records = set()
    for kind in kinds:
        fields = attrs.fields(kind)
        if fields and all(field.kw_only for field in fields):
            records.add(kind.__name__)
            if fields[-1].name != "extra":
                yield f"{kind.__name__} drops what it does not know: end it with a field `extra`"
    for name in decoded:
        if name not in records:
            yield f"{name} is read of a response: make it an exported `attrs.frozen(kw_only=True)`"


def decoded(modules: Iterable[Module]) -> Iterator[str]:
    """The names of the classes that responses are read as."""
    for module in modules:
        for node in ast.walk(module.tree):
            match node:
                case ast.Call(func=ast.Name(id="one" | "many"), args=[ast.Name(id=name), *_]):
                    if not name.islower():  # a class, not a variable
                        yield name


def test_every_field_of_a_record_or_an_error_is_documented() -> None:
    tell(undocumented(KINDS))


def test_every_record_keeps_what_it_does_not_know() -> None:
    found = set(decoded(walk(ROOT, "publora_async").values()))
    assert "ManagedUser" in found
    tell(forgetful(KINDS, found))


class Failed(Exception):  # noqa: N818  # a toy
    """
    It failed.

    Attributes:
        method: What was asked.
        gone: What there was once.
    """

    method: str | None = None
    path: str | None = None


@attrs.frozen(kw_only=True)
class Limit:
    """
    A limit.

    Attributes:
        name: What it is called.
    """

    name: str
    size: int
    _hidden: int = 0


@attrs.frozen(kw_only=True)
class Whole:
    """
    One that keeps all.

    Attributes:
        extra: What is not known.
    """

    extra: dict[str, str]


def test_a_field_that_no_docstring_tells_of_is_told_of() -> None:
    class FailedAgain(Failed):
        """Once more."""

    assert list(undocumented([FailedAgain, Limit, Whole])) == [
        "say in the `Attributes` of Failed what its `path` is for",
        "Failed has no `gone`: take it out of its `Attributes`",
        "say in the `Attributes` of Limit what its `size` is for",
    ]


def test_a_record_without_extra_is_told_of(tmp_path: Path) -> None:
    source = """
        decode = many(Limit, "limits")
        others = (one(Whole), one(Plain, "plain"), one())
    """
    names = list(decoded(build(tmp_path, {"toy/limits": source}).values()))
    assert names == ["Limit", "Whole", "Plain"]
    assert list(forgetful([Limit, Whole], names)) == [
        "Limit drops what it does not know: end it with a field `extra`",
        "Plain is read of a response: make it an exported `attrs.frozen(kw_only=True)`",
    ]
