"""Both colours are alike, whatever resources there are; the guard of it is seen to fail."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from types import SimpleNamespace
from typing import overload

import pytest
from parity import COLOURS, ONLY_ASYNC, ONLY_SYNC, differences, docstrings, not_exported
from surface import tell

import publora_async
import publora_sync
from publora_async import AsyncPublora
from publora_sync import Publora

CLIENT = '''
class {Name}:
    """
    A client.

    Args:
        api_key: The secret.

    Attributes:
        limits: Asks about limits.
    """

    def __init__(self, api_key: str, *, timeout: float = 30.0) -> None:
        self.limits = {Limits}()
'''
ASYNC = '''
class AsyncStream(AsyncIterator[str]):
    """An async iterator."""

    async def __anext__(self) -> str:
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop it."""

class AsyncLimits:
    """Asks about limits."""

    async def list(self, *, kind: str = "all") -> set[str]:
        """
        List limits. Nothing is changed.

        Raises:
            PubloraError: Always.
        """

    def stream(self, ids: Iterable[str] | AsyncIterable[str], size: int = 1) -> AsyncStream:
        """
        Stream limits.

        Raises:
            PubloraError: Always.
        """

    @property
    def count(self) -> int:
        """How many are known."""
''' + CLIENT.format(Name="AsyncShop", Limits="AsyncLimits")
SYNC = '''
class Stream(Iterator[str]):
    """An iterator."""

    def __next__(self) -> str:
        raise StopIteration

    def close(self) -> None:
        """Stop it."""

class Limits:
    """Asks about limits."""

    def list(self, *, kind: str = "all") -> set[str]:
        """
        List limits. Nothing is changed.

        Raises:
            PubloraError: Always.
        """

    def stream(self, ids: Iterable[str], size: int = 1) -> Stream:
        """
        Stream limits.

        Raises:
            PubloraError: Always.
        """

    @property
    def count(self) -> int:
        """How many are known."""
''' + CLIENT.format(Name="Shop", Limits="Limits")

DRIFTS = [
    (
        "self.limits = Limits()",
        "pass",
        (
            "toy_sync has no `limits`: write toy_sync/limits.py "
            "and set it beside the other resources of Shop"
        ),
    ),
    (
        "self.limits = Limits()",
        "self.limits = Limits(); self.more = Limits()",
        "`more` of Shop has no async half: write it first, it does the work",
    ),
    (
        "Limits",
        "Bounds",
        "name the sync half of AsyncLimits Limits, not Bounds",
    ),
    (
        "        limits: Asks about limits.\n",
        "        sizes: Asks about limits.\n",
        "say in the `Attributes` of Shop what its `limits` is for",
    ),
    (
        "def list(",
        "def list_all(",
        "Limits has no `list`: write the sync half of AsyncLimits.list",
    ),
    (
        "def list(",
        "def list_all(",
        "Limits has `list_all` and AsyncLimits has not: write it there too",
    ),
    (
        "def list(",
        "async def list(",
        "Limits.list has to be awaited: make it a plain method",
    ),
    (
        "(self, *, kind",
        "(self, *, size: int, kind",
        (
            "Limits.list takes `size`, which AsyncLimits.list does not: "
            "take it away, or give both the same"
        ),
    ),
    (
        '*, kind: str = "all"',
        "",
        "Limits.list has no argument `kind`: give it the one of AsyncLimits.list",
    ),
    (
        "*, kind",
        "kind",
        (
            "`kind` of Limits.list is positional or keyword, "
            "of AsyncLimits.list keyword-only: make them alike"
        ),
    ),
    (
        '= "all"',
        '= "some"',
        (
            "`kind` of Limits.list is 'some' by default, "
            "of AsyncLimits.list 'all' by default: give both the same default"
        ),
    ),
    (
        ' = "all"',
        "",
        (
            "`kind` of Limits.list is required, "
            "of AsyncLimits.list 'all' by default: give both the same default"
        ),
    ),
    (
        "timeout: float = 30.0",
        "timeout: float = 3.0",
        (
            "`timeout` of Shop.__init__ is 3.0 by default, "
            "of AsyncShop.__init__ 30.0 by default: give both the same default"
        ),
    ),
    (
        "kind: str",
        "kind: str | None",
        "`kind` of Limits.list is str | None, and by AsyncLimits.list it is str: make them alike",
    ),
    (
        "ids: Iterable[str], size: int = 1",
        "size: int = 1, ids: Iterable[str] = ()",
        (
            "Limits.stream takes its arguments in another order than AsyncLimits.stream: "
            "self, ids, size"
        ),
    ),
    (
        "-> set[str]",
        "-> tuple[str, ...]",
        (
            "what Limits.list gives is tuple[str, ...], and by AsyncLimits.list it is set[str]: "
            "make them alike"
        ),
    ),
    (
        ' = "all") -> set[str]',
        ' = "all")',
        (
            "what Limits.list gives is of no type, and by AsyncLimits.list it is set[str]: "
            "make them alike"
        ),
    ),
    (
        "-> Stream",
        '-> "AsyncStream"',
        (
            "what Limits.stream gives is AsyncStream, and by AsyncLimits.stream it is Stream: "
            "make them alike"
        ),
    ),
    (
        "-> int",
        "-> float",
        "what Limits.count gives is float, and by AsyncLimits.count it is int: make them alike",
    ),
    (
        "def close",
        "def stop",
        "Stream has no `close`: write the sync half of AsyncStream.aclose",
    ),
    (
        '        """Stop it."""',
        "        pass",
        "Stream.close has no docstring: say what it does",
    ),
    (
        '    """Asks about limits."""\n',
        "",
        "Limits has no docstring: say what it is for",
    ),
    (
        "\n        Raises:\n            PubloraError: Always.\n",
        "",
        "Limits.list does not say what it raises: give its docstring a `Raises:`",
    ),
    (
        "\n        Raises:\n            PubloraError: Always.\n",
        "",
        "Limits.stream does not say what it raises: give its docstring a `Raises:`",
    ),
    (
        "Nothing is changed",
        "All is changed",
        (
            "Limits.list says 'All is changed.' where AsyncLimits.list says 'Nothing is changed.': "
            "say the same, or enter the colour's words in COLOURS of tests/parity.py"
        ),
    ),
    (
        "The secret",
        "The key",
        (
            "`api_key` of Shop says 'The key.' where `api_key` of AsyncShop says 'The secret.': "
            "say the same, or enter the colour's words in COLOURS of tests/parity.py"
        ),
    ),
]


def toy(package: str, source: str) -> type:
    """Make a toy client from what would stand in its package's module ``limits``."""
    names: dict[str, object] = {
        "__name__": f"{package}.limits",
        "AsyncIterable": AsyncIterable,
        "AsyncIterator": AsyncIterator,
        "Iterable": Iterable,
        "Iterator": Iterator,
        "overload": overload,
    }
    exec(source, names)  # noqa: S102  # written above
    (client,) = (kind for name, kind in names.items() if name.endswith("Shop"))
    assert isinstance(client, type)
    return client


def test_both_colours_are_alike() -> None:
    """Whatever the async client offers, the sync one offers, argument for argument."""
    tell(differences(AsyncPublora, Publora))


def test_whatever_the_async_package_exports_the_sync_one_exports_too() -> None:
    tell(not_exported(publora_async, publora_sync))


def test_no_difference_is_allowed_that_there_is_not() -> None:
    texts = docstrings(AsyncPublora)
    for words in COLOURS:
        assert any(words in text for text in texts), f"take {words!r} out of COLOURS"
    for name in ONLY_ASYNC:
        kind, _, entry = name.partition(".")
        docstring = getattr(publora_async, kind).__doc__
        assert f"    {entry}: " in docstring, f"take {name!r} out of ONLY_ASYNC"
    for name in ONLY_SYNC:
        kind, method, entry = name.split(".")
        docstring = getattr(getattr(publora_sync, kind), method).__doc__
        assert f"    {entry}: " in docstring, f"take {name!r} out of ONLY_SYNC"


def test_toys_that_are_alike_pass() -> None:
    assert differences(toy("toy_async", ASYNC), toy("toy_sync", SYNC)) == []


@pytest.mark.parametrize(("old", "new", "sentence"), DRIFTS)
def test_a_drifted_sync_half_is_told_of_with_what_to_do(old: str, new: str, sentence: str) -> None:
    drifted = SYNC.replace(old, new)
    assert drifted != SYNC
    assert sentence in differences(toy("toy_async", ASYNC), toy("toy_sync", drifted))


def test_a_sync_half_with_other_overloads_is_told_of() -> None:
    overloads = "    @overload\n    def stream(self) -> None: ...\n    def stream("
    drifted = SYNC.replace("    def stream(", overloads)
    # They are remembered by module, so in one of their own.
    assert differences(toy("toy_async", ASYNC), toy("toy_overloads", drifted)) == [
        "Limits.stream has not the overloads of AsyncLimits.stream: give it the same"
    ]


def test_an_async_method_without_a_docstring_is_told_of() -> None:
    drifted = ASYNC.replace('        """Stop it."""', "        pass")
    assert differences(toy("toy_async", drifted), toy("toy_sync", SYNC)) == [
        "AsyncStream.aclose has no docstring: say what it does"
    ]


def test_what_only_the_async_package_exports_is_told_of() -> None:
    names = ["AsyncLimits", "AsyncShop", "Column", "Row", "Table"]
    ours = SimpleNamespace(__name__="toy_async", __all__=names, Column=1, Row=2, Table=3)
    theirs = SimpleNamespace(__name__="toy_sync", __all__=["Shop", "Row", "Table"], Row=2, Table=4)
    assert list(not_exported(ours, theirs)) == [
        "toy_async exports AsyncLimits: export Limits from toy_sync too",
        "toy_async exports Column: export the same from toy_sync too",
        "toy_async exports Table: export the same from toy_sync too",
    ]
