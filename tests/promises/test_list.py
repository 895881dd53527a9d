"""The list of promises and the tests that show them name the same numbers."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from surface import tell

HERE = Path(__file__).parent
NUMBER = r"\d\d[a-z]?"


def promised(text: str) -> list[str]:
    """The numbers in a list of promises, in its order."""
    return re.findall(rf"^- \*\*({NUMBER})\*\* ", text, re.MULTILINE)


def shown(folder: Path) -> dict[str, str]:
    """The numbers that the tests of *folder* show, each with one of them."""
    found = {}
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                match = re.match(rf"test_({NUMBER})_", node.name)
                if match is not None:
                    found[match[1]] = f"{path.name}: {node.name}"
    return found


def broken(text: str, folder: Path) -> Iterator[str]:
    """Say where the list and the tests differ, and what to do."""
    numbers, tests = promised(text), shown(folder)
    for number in numbers:
        if number not in tests:
            yield f"promise {number} has no test: write a `test_{number}_...` that shows it"
    for number, test in tests.items():
        if number not in numbers:
            yield f"{test} shows promise {number}, which PROMISES.md does not make: write it there"
    if numbers != sorted(set(numbers)):
        yield "PROMISES.md names a promise twice, or out of order: sort its numbers"


def test_every_promise_has_its_tests_and_every_numbered_test_its_promise() -> None:
    tell(broken((HERE / "PROMISES.md").read_text(encoding="utf-8"), HERE.parent))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("- **01** One.\n- **30a** Another.", []),
        (
            "- **01** One.\n- **02** Two.\n- **30a** Another.",
            ["promise 02 has no test: write a `test_02_...` that shows it"],
        ),
        (
            "- **01** One.",
            [
                (
                    "test_one.py: test_30a_ends shows promise 30a, which PROMISES.md does not "
                    "make: write it there"
                )
            ],
        ),
        (
            "- **30a** Another.\n- **01** One.",
            ["PROMISES.md names a promise twice, or out of order: sort its numbers"],
        ),
    ],
)
def test_a_list_that_the_tests_do_not_show_is_told_of(
    text: str, sentences: list[str], tmp_path: Path
) -> None:
    tests = "async def test_01_begins(): ...\ndef test_30a_ends(): ...\ndef test_others(): ..."
    (tmp_path / "test_one.py").write_text(tests, encoding="utf-8")
    assert list(broken(text, tmp_path)) == sentences
