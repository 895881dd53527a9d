"""Compares the two colours of a client, from the client down to what its resources give."""

import functools
import inspect
import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from types import FunctionType
from typing import Any, TypeAlias, get_overloads

from surface import resources

__all__ = [
    "COLOURS",
    "ONLY_ASYNC",
    "ONLY_SYNC",
    "differences",
    "docstrings",
    "not_exported",
    "sections",
]

COLOURS = {
    ", async ones included": "",
    "An async iterator": "An iterator",
    "an async context manager": "a context manager",
    "to another loop or process": "to another process",
    " and the same retry budget": ", retry budget and thread",
    "the connections. Calls under way fail; closing again": (
        "the connections and end the thread. Calls under way fail; again"
    ),
    " A borrowed *session* that has fewer connections bounds them, too.": "",
    "await publora.": "publora.",
}
"""What an async docstring says, and what the sync one says instead."""

ONLY_ASYNC = {"AsyncPublora.session"}
"""Arguments and attributes that the sync class has no use for."""

ONLY_SYNC = {
    f"Connections.{method}.{argument}"
    for method in ("iter_many", "list_many")
    for argument in ("executor", "workers", "send_key")
}
"""
Arguments that the async method has no use for: an executor's worker has a client of its own and
a plain call to make, and whoever has an event loop keeps it for what else it serves.
"""

# Closing asks the service nothing.
_QUIET = {"close"}

_PLAIN = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "aclose": "close",
}

Method: TypeAlias = FunctionType


def differences(ours: type, theirs: type) -> list[str]:
    """
    Compare two clients, and say for each difference what to do.

    Args:
        ours: The async client's class.
        theirs: The sync client's.
    """
    return list(dict.fromkeys(_clients(ours, theirs)))


def _clients(ours: type, theirs: type) -> Iterator[str]:
    package = theirs.__module__.partition(".")[0]
    mine, yours = resources(ours("sk_made.up")), resources(theirs("sk_made.up"))
    pairs = _Pairs()
    yield from pairs.compare(ours, theirs, is_client=True)
    for name, resource in mine.items():
        file = type(resource).__module__.rpartition(".")[2]
        if name not in yours:
            yield (
                f"{package} has no `{name}`: write {package}/{file}.py "
                f"and set it beside the other resources of {theirs.__name__}"
            )
            continue
        yield from pairs.compare(type(resource), type(yours[name]), is_resource=True)
        for client in (ours, theirs):
            if name not in sections(client.__doc__ or "").get("Attributes", {}):
                yield f"say in the `Attributes` of {client.__name__} what its `{name}` is for"
    for name in yours.keys() - mine.keys():
        yield f"`{name}` of {theirs.__name__} has no async half: write it first, it does the work"


def not_exported(ours: Any, theirs: Any) -> Iterator[str]:  # noqa: ANN401  # packages
    """Say what the first package exports that the second does not, each class in its colour."""
    for name in ours.__all__:
        half = name.removeprefix("Async")
        if half != name:
            if half not in theirs.__all__:
                yield f"{ours.__name__} exports {name}: export {half} from {theirs.__name__} too"
        elif name not in theirs.__all__ or getattr(theirs, name) is not getattr(ours, name):
            yield f"{ours.__name__} exports {name}: export the same from {theirs.__name__} too"


def docstrings(client: type) -> list[str]:
    """Every docstring that :func:`differences` compares with another, each in one line."""
    kinds = [client, *map(type, resources(client("sk_made.up")).values())]
    for kind in kinds:  # which grows meanwhile
        found = [given for method in _members(kind).values() for given in _classes(method)]
        kinds += [given for given in dict.fromkeys(found) if given not in kinds]
    return [_one_line(one.__doc__) for kind in kinds for one in [kind, *_members(kind).values()]]


class _Pairs:
    """Pairs of classes, each compared once."""

    def __init__(self) -> None:
        self._seen: set[tuple[type, type]] = set()

    def compare(
        self, ours: type, theirs: type, *, is_resource: bool = False, is_client: bool = False
    ) -> Iterator[str]:
        if (ours, theirs) in self._seen:
            return
        self._seen.add((ours, theirs))
        if theirs.__name__ != _recoloured(ours.__name__) or theirs is ours:
            name = _recoloured(ours.__name__)
            yield f"name the sync half of {ours.__name__} {name}, not {theirs.__name__}"
        yield from _compare_classes(ours, theirs, whole=is_resource)
        mine, yours = _members(ours), _members(theirs)
        for name in yours.keys() - mine.keys():
            yield f"{theirs.__name__} has `{name}` and {ours.__name__} has not: write it there too"
        for name, method in mine.items():
            if name not in yours:
                yield f"{theirs.__name__} has no `{name}`: write the sync half of {_name(method)}"
                continue
            other = yours[name]
            yield from _compare_methods(ours, method, theirs, other)
            if (is_resource or is_client) and _does_io(name, method):
                yield from _without_raises([method, other])
            for kind in _classes(method):
                twin = other.__globals__.get(_recoloured(kind.__name__))
                if inspect.isclass(twin):
                    yield from self.compare(kind, twin)
        if is_client:
            makers = [
                _function(inspect.getattr_static(kind, "__init__")) for kind in (ours, theirs)
            ]
            yield from _compare_arguments(ours, makers[0], theirs, makers[1])


def _members(kind: type) -> dict[str, Method]:
    """Public methods and properties as functions, and what ``with`` and ``for`` call."""
    found = {}
    for name in dir(kind):
        member = inspect.getattr_static(kind, name)
        if isinstance(member, property):
            member = member.fget
        elif isinstance(member, functools.cached_property):
            member = member.func
        elif isinstance(member, classmethod | staticmethod):
            member = member.__func__
        public = not name.startswith("_") or name in {*_PLAIN, *_PLAIN.values()}
        if public and inspect.isfunction(member):
            found[_PLAIN.get(name, name)] = member
    return found


def _name(method: Method) -> str:
    return ".".join(method.__qualname__.split(".")[-2:])


def _compare_classes(ours: type, theirs: type, *, whole: bool) -> Iterator[str]:
    texts = []
    for kind in (ours, theirs):
        if not kind.__doc__:
            yield f"{kind.__name__} has no docstring: say what it is for"
            return
        texts.append(kind.__doc__)
    if whole:
        yield from _compare_docstrings(ours.__name__, texts[0], theirs.__name__, texts[1])
        return
    # How a client or an iterator is used differs; what its arguments and attributes are does not.
    mine, yours = map(sections, texts)
    for section in ("Args", "Attributes", "Raises"):
        left, right = mine.get(section, {}), yours.get(section, {})
        for entry in dict.fromkeys([*left, *right]):
            if f"{ours.__name__}.{entry}" not in ONLY_ASYNC:
                yield from _compare_docstrings(
                    f"`{entry}` of {ours.__name__}", left.get(entry, ""),
                    f"`{entry}` of {theirs.__name__}", right.get(entry, ""),
                )  # fmt: skip


def _compare_methods(ours: type, method: Method, theirs: type, other: Method) -> Iterator[str]:
    if inspect.iscoroutinefunction(other) or inspect.isasyncgenfunction(other):
        yield f"{_name(other)} has to be awaited: make it a plain method"
    forms, others = _forms(method), _forms(other)
    if len(forms) != len(others):
        yield f"{_name(other)} has not the overloads of {_name(method)}: give it the same"
    else:
        for form, twin in zip(forms, others, strict=True):
            yield from _compare_arguments(ours, form, theirs, twin)
    if not method.__name__.startswith("_"):
        for one in (method, other):
            if not one.__doc__:
                yield f"{_name(one)} has no docstring: say what it does"
                return
        yield from _compare_docstrings(
            _name(method), method.__doc__ or "", _name(other), _without_only_sync(other)
        )


def _function(member: object) -> Method:
    assert isinstance(member, FunctionType)
    return member


def _forms(method: Method) -> list[Method]:
    return [*map(_function, get_overloads(method)), method]


def _compare_arguments(ours: type, method: Method, theirs: type, other: Method) -> Iterator[str]:
    left, right = inspect.signature(method), inspect.signature(other)
    mine = {
        name: argument
        for name, argument in left.parameters.items()
        if f"{ours.__name__}.{name}" not in ONLY_ASYNC
    }
    yours = {
        name: argument
        for name, argument in right.parameters.items()
        if f"{theirs.__name__}.{other.__name__}.{name}" not in ONLY_SYNC
    }
    here, there = f"{theirs.__name__}.{other.__name__}", f"{ours.__name__}.{method.__name__}"
    for name in mine.keys() - yours.keys():
        yield f"{here} has no argument `{name}`: give it the one of {there}"
    for name in yours.keys() - mine.keys():
        yield f"{here} takes `{name}`, which {there} does not: take it away, or give both the same"
    if mine.keys() == yours.keys() and list(mine) != list(yours):
        yield f"{here} takes its arguments in another order than {there}: {', '.join(mine)}"
    for name in mine.keys() & yours.keys():
        one, two = mine[name], yours[name]
        if one.kind != two.kind:
            yield (
                f"`{name}` of {here} is {two.kind.description}, "
                f"of {there} {one.kind.description}: make them alike"
            )
        if one.default != two.default:
            yield (
                f"`{name}` of {here} is {_default(two)}, "
                f"of {there} {_default(one)}: give both the same default"
            )
        yield from _compare_types(f"`{name}` of {{}}", one.annotation, there, two.annotation, here)
    yield from _compare_types(
        "what {} gives", left.return_annotation, there, right.return_annotation, here
    )


def _default(argument: inspect.Parameter) -> str:
    if argument.default is argument.empty:
        return "required"
    return f"{argument.default!r} by default"


def _compare_types(what: str, mine: object, there: str, yours: object, here: str) -> Iterator[str]:
    expected, found = _recoloured(_type(mine)), _type(yours)
    if expected != found:
        yield f"{what.format(here)} is {found}, and by {there} it is {expected}: make them alike"


def _type(annotation: object) -> str:
    if annotation is inspect.Signature.empty:
        return "of no type"
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"(?:\w+\.)+(?=\w)", "", text.replace("'", "").replace("NoneType", "None"))


def _recoloured(text: str) -> str:
    plain = re.sub(r"\bAsync(?=[A-Z])", "", text)
    return re.sub(r"([A-Z]\w*\[.*?\]) \| \1", r"\1", plain)


def _classes(method: Method) -> Iterator[type]:
    """The classes of one colour that *method* is said to give."""
    names = re.findall(r"\bAsync[A-Z]\w*", _type(inspect.signature(method).return_annotation))
    package = method.__module__.partition(".")[0]
    for name in names:
        kind = method.__globals__.get(name)
        if inspect.isclass(kind) and kind.__module__.partition(".")[0] == package:
            yield kind


def _does_io(name: str, method: Method) -> bool:
    """Whether an async method asks the service, at once or while its result is iterated over."""
    asks = inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)
    return (asks or any(_classes(method))) and not name.startswith("_") and name not in _QUIET


def _without_raises(methods: Iterable[Method]) -> Iterator[str]:
    for method in methods:
        if method.__doc__ and "Raises" not in sections(method.__doc__):
            yield f"{_name(method)} does not say what it raises: give its docstring a `Raises:`"


def _compare_docstrings(there: str, mine: str, here: str, yours: str) -> Iterator[str]:
    expected = _one_line(mine)
    for words, others in COLOURS.items():
        expected = expected.replace(words, others)
    for one, two in zip_longest(_sentences(expected), _sentences(_one_line(yours)), fillvalue=""):
        if one != two:
            yield (
                f"{here} says {two!r} where {there} says {one!r}: "
                "say the same, or enter the colour's words in COLOURS of tests/parity.py"
            )
            return


def _without_only_sync(method: Method) -> str:
    docstring = inspect.cleandoc(method.__doc__ or "")
    for name, text in sections(docstring).get("Args", {}).items():
        if f"{_name(method)}.{name}" in ONLY_SYNC:
            docstring = docstring.replace(f"    {name}: {text}", "")
    return docstring


def _one_line(docstring: str | None) -> str:
    # A role may name a class in full where only its name is at hand in the other colour.
    text = re.sub(r"(:\w+:`)(?:\w+\.)*?((?:\w+\.)?\w+`)", r"\1\2", docstring or "")
    return " ".join(re.sub(r"(:class:`)\w+\.", r"\1", text).split())


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.:;]) ", text)


def sections(docstring: str) -> dict[str, dict[str, str]]:
    """The entries of each section, by the section's title."""
    parts = re.split(
        r"^(Args|Attributes|Raises|Returns):$", inspect.cleandoc(docstring), flags=re.MULTILINE
    )
    return {
        title: dict(re.findall(r"^    (\w+): (.*(?:\n(?:     .*|))*)", body, flags=re.MULTILINE))
        for title, body in zip(parts[1::2], parts[2::2], strict=True)
    }
