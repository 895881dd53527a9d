"""The examples in docstrings: each public class has one, and it gives what it says."""

import ast
import doctest
import enum
import inspect
import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any

import pytest
from surface import tell

import publora_async
import publora_sync
from publora_async import AsyncPublora
from publora_async.sandbox import Sandbox
from publora_sync import Publora


def classes(*packages: ModuleType) -> dict[str, type]:
    """Find the public classes that people use: all but enumerations and errors."""
    things = {name: getattr(package, name) for package in packages for name in package.__all__}
    return {
        name: thing
        for name, thing in things.items()
        if inspect.isclass(thing) and not issubclass(thing, enum.Enum | BaseException)
    }


def examples(kind: type) -> list[doctest.Example]:
    return doctest.DocTestParser().get_examples(kind.__doc__ or "")


def without_example(kinds: dict[str, type]) -> Iterator[str]:
    for name, kind in kinds.items():
        # One that differs from its base in its name alone is shown with that.
        is_a_name = kind.__base__ in kinds.values() and not kind.__annotations__
        if not examples(kind) and not is_a_name:
            yield f"{name} shows no example: end its docstring with one, `Example:` and `>>>`"


CLASSES = classes(publora_async, publora_sync)


def test_every_public_class_shows_an_example() -> None:
    tell(without_example(CLASSES))


def test_a_class_without_an_example_is_told_of() -> None:
    class Silent:
        """Says nothing."""

    assert list(without_example({"Silent": Silent})) == [
        "Silent shows no example: end its docstring with one, `Example:` and `>>>`"
    ]


async def wrong_outputs(kind: type, names: dict[str, Any]) -> list[tuple[str, str]]:
    """Run the examples of *kind*, and give those that put out anything else than they say."""
    wrong = []
    for example in examples(kind):
        code = compile(
            example.source, kind.__name__, "single", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        )
        with redirect_stdout(io.StringIO()) as out:
            pending = eval(code, names)  # noqa: S307  # our own docstring
            if inspect.isawaitable(pending):
                await pending
        right = doctest.OutputChecker().check_output(example.want, out.getvalue(), doctest.ELLIPSIS)
        if not right:
            wrong.append((example.source, out.getvalue()))
    return wrong


@pytest.mark.filterwarnings("ignore:this call blocks the event loop")
@pytest.mark.parametrize("name", CLASSES)
async def test_an_example_gives_what_it_says(name: str, publora_sandbox: Sandbox) -> None:
    kind = CLASSES[name]
    is_sync = kind.__module__.startswith("publora_sync")
    names = {one: getattr(publora_async, one) for one in publora_async.__all__}
    names |= {"Publora": Publora, "publora": Publora() if is_sync else AsyncPublora()}
    assert publora_sandbox.requests == 0
    wrong = await wrong_outputs(kind, names)
    closing = names["publora"].close()
    if inspect.isawaitable(closing):
        await closing
    assert wrong == []


async def test_an_example_that_gives_something_else_is_told_of() -> None:
    class Wrong:
        """
        Adds up.

        Example:
            >>> import asyncio
            >>> await asyncio.sleep(0, 1 + 1)
            3
        """

    assert await wrong_outputs(Wrong, {}) == [("await asyncio.sleep(0, 1 + 1)\n", "2\n")]
