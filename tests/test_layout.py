"""The house rules: nothing too large, everything with a docstring, a test file for each module."""

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from surface import PACKAGES, ROOT, Module, build, tell, walk

MODULE_LINES = 200
FUNCTION_LINES = 40
FILES = 20

TOO_LARGE = {
    "benchmarks": 39,
    "publora_async/_decoding/fast_hooks.py: connections": 50,
}
"""What breaks a rule still, and how large it may be. This table only shrinks."""

UNTESTED: set[str] = set()
"""Modules that have no test file of their name yet. This set only shrinks."""


def code_lines(module: Module) -> set[int]:
    """The lines that hold code: no blank one, no comment, no docstring."""
    silent = {
        tokenize.COMMENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
        tokenize.INDENT,
        tokenize.NEWLINE,
        tokenize.NL,
    }
    lines = {
        line
        for token in tokenize.generate_tokens(io.StringIO(module.source).readline)
        if token.type not in silent
        for line in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str):
            lines.difference_update(range(node.lineno, (node.end_lineno or 0) + 1))
    return lines


def sizes(modules: Iterable[Module]) -> Iterator[tuple[str, int, int, str]]:
    """Everything that has a bound: its name, its size, its bound, and what to do."""
    modules = list(modules)
    for folder, files in sorted(Counter(module.path.parent for module in modules).items()):
        yield str(folder), files, FILES, "files: put what belongs together behind a door"
    for module in modules:
        lines = code_lines(module)
        advice = "lines of code: give its second idea a module of its own"
        yield str(module.path), len(lines), MODULE_LINES, advice
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                own = lines.intersection(range(node.lineno, (node.end_lineno or 0) + 1))
                advice = "lines of code: take a step out of it"
                yield f"{module.path}: {node.name}", len(own), FUNCTION_LINES, advice


def too_large(modules: Iterable[Module], allowed: dict[str, int]) -> Iterator[str]:
    """Say what is larger than the house rules allow, and what no longer needs an exception."""
    needed = set()
    for name, size, bound, advice in sizes(modules):
        if size > bound:
            needed.add(name)
            if size > allowed.get(name, bound):
                yield f"{name} has {size} {advice} (at most {max(bound, allowed.get(name, 0))})"
    for name in sorted(allowed.keys() - needed):
        yield f"{name} is within the rule: take it out of TOO_LARGE"


def without_docstring(modules: Iterable[Module]) -> Iterator[str]:
    """Say which module does not say what it is for."""
    for module in modules:
        if not ast.get_docstring(module.tree):
            yield f"{module.path} has no docstring: say in one sentence what it is for"


def file_of_tests(module: Module) -> Path:
    """Where one looks for a module's tests: both colours' modules of one name share them."""
    _, *folders, name = module.path.parts
    return Path("tests", *folders, f"test_{name.lstrip('_')}")


def without_tests(
    modules: Iterable[Module], root: Path, allowed: Iterable[str] = ()
) -> Iterator[str]:
    """Say which module has no test file, and which no longer needs an exception."""
    needed = set()
    for module in modules:
        # What runs a package as a program is tested with what it runs.
        if module.path.name in {"__init__.py", "__main__.py"}:
            continue
        path = file_of_tests(module)
        if not (root / path).exists():
            needed.add(str(module.path))
            if str(module.path) not in allowed:
                yield f"{module.path} has no {path}: write its tests there, or move them there"
    for name in sorted({*allowed} - needed):
        yield f"{name} has its tests, or is gone: take it out of UNTESTED"


SHIPPED = walk(ROOT, *PACKAGES)


def test_nothing_is_too_large() -> None:
    everything = walk(ROOT, *PACKAGES, "benchmarks")
    tell(too_large(everything.values(), TOO_LARGE))


def test_every_module_says_what_it_is_for() -> None:
    tell(without_docstring(SHIPPED.values()))


def test_every_module_has_its_test_file() -> None:
    tell(without_tests(SHIPPED.values(), ROOT, UNTESTED))


def test_only_code_counts(tmp_path: Path) -> None:
    files = {
        "toy/one": '''
            """Says what it is for,
            in two lines."""

            # A reason.
            SIZE = (
                1
            )
            """How many."""

            def f() -> str:
                """Give text."""
                return """one

                three"""
        '''
    }
    (module,) = build(tmp_path, files).values()
    assert sorted(code_lines(module)) == [6, 7, 8, 11, 13, 14, 15]


def test_a_module_a_function_and_a_folder_that_are_too_large_are_told_of(tmp_path: Path) -> None:
    long = "\n".join(["def f():", *["    pass"] * 40, *["x = 1"] * 160])
    files = {f"toy/door/part_{number}": "x = 1" for number in range(21)}
    modules = build(tmp_path, {"toy/long": long, **files}).values()
    assert list(too_large(modules, {})) == [
        "toy/door has 21 files: put what belongs together behind a door (at most 20)",
        "toy/long.py has 201 lines of code: give its second idea a module of its own (at most 200)",
        "toy/long.py: f has 41 lines of code: take a step out of it (at most 40)",
    ]


def test_an_exception_bounds_what_it_allows_and_ends_when_it_is_not_needed(tmp_path: Path) -> None:
    modules = build(tmp_path, {"toy/long": "x = 1\n" * 202, "toy/short": "x = 1"}).values()
    tell(too_large(modules, {"toy/long.py": 202}))
    assert list(too_large(modules, {"toy/long.py": 201, "toy/short.py": 300})) == [
        "toy/long.py has 202 lines of code: give its second idea a module of its own (at most 201)",
        "toy/short.py is within the rule: take it out of TOO_LARGE",
    ]


def test_a_module_without_a_docstring_is_told_of(tmp_path: Path) -> None:
    modules = build(tmp_path, {"toy/one": '"""Says it."""', "toy/two": "x = 1"}).values()
    assert list(without_docstring(modules)) == [
        "toy/two.py has no docstring: say in one sentence what it is for"
    ]


def test_a_module_without_a_test_file_is_told_of(tmp_path: Path) -> None:
    names = ["__init__", "__main__", "one", "_two", "_door/_three", "four"]
    modules = build(tmp_path, {f"toy/{name}": "" for name in names}).values()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_two.py").touch()
    assert list(without_tests(modules, tmp_path, {"toy/four.py", "toy/five.py"})) == [
        (
            "toy/_door/_three.py has no tests/_door/test_three.py: write its tests there, or move "
            "them there"
        ),
        "toy/one.py has no tests/test_one.py: write its tests there, or move them there",
        "toy/five.py has its tests, or is gone: take it out of UNTESTED",
    ]
