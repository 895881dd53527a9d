"""What is public says so, once, and nothing else does."""

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from surface import PACKAGES, ROOT, Module, build, imports, tell, walk

import publora_async
import publora_async.pytest_plugin
import publora_sync
from publora_async import pytest_plugin

FILES = walk(ROOT, *PACKAGES)


def halls() -> list[ModuleType]:
    """The modules whose names users write: of both packages, not of what lies behind a door."""
    return [
        importlib.import_module(name)
        for name, file in FILES.items()
        if name.count(".") == 1
        and not name.partition(".")[2].startswith("_")
        and not file.is_package
    ]


def defined(file: Module) -> dict[str, ast.stmt]:
    """The names that a module itself gives a meaning to, and where."""
    names: dict[str, ast.stmt] = {}
    for node in file.tree.body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                names[name] = node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names[name] = node
    return names


def without_all(files: Iterable[Module]) -> Iterator[str]:
    """Say which module does not say what it is for others to use."""
    for file in files:
        is_private_door = file.is_package and file.name.rpartition(".")[2].startswith("_")
        if "__all__" not in defined(file) and not is_private_door:
            yield f"{file.path} has no `__all__`: list what others may import"


def unlisted(file: Module, listed: Iterable[str]) -> Iterator[str]:
    """Say which name of a public module looks public and is not in its ``__all__``."""
    for name in sorted(defined(file).keys() - set(listed)):
        if not name.startswith("_"):
            yield f"{file.path} does not list {name}: enter it in `__all__`, or give it a `_`"


def unexported(module: ModuleType, public: Iterable[str]) -> Iterator[str]:
    """Say what a public module lists that its package does not export."""
    package = module.__name__.partition(".")[0]
    for name in sorted(set(module.__all__) - set(public)):
        yield (
            f"{module.__name__} lists {name}, which {package} does not export: "
            f"export it, or move it to a module of its own whose name begins with `_`"
        )


def misnamed(package: ModuleType) -> Iterator[str]:
    """Say where the public names of a package are not those that it lists."""
    listed = {name for name in package.__all__ if name != "__version__"}
    there = {name for name in listed if hasattr(package, name)}  # imported now, if not before
    offered = there | {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and name != "TYPE_CHECKING" and not inspect.ismodule(value)
    }
    for name in sorted(offered - listed):
        yield f"{package.__name__} does not list {name}: enter it in `__all__`"
    for name in sorted(listed - offered):
        yield f"{package.__name__} lists {name} and has none: import it, or take it out"
    if set(dir(package)) != set(package.__all__):
        yield f"dir({package.__name__}) shows more: give it a `__dir__` that returns `__all__`"


def test_every_module_lists_what_others_may_import() -> None:
    """Whether it is sorted, ruff looks after."""
    tell(without_all(FILES.values()))


@pytest.mark.parametrize("module", halls(), ids=lambda module: module.__name__)
def test_a_public_module_lists_the_public_names_that_it_defines(module: ModuleType) -> None:
    tell(unlisted(FILES[module.__name__], module.__all__))


def test_a_public_module_lists_only_what_its_package_exports() -> None:
    found = [
        sentence
        for module in halls()
        for sentence in unexported(module, PUBLIC[module.__name__.partition(".")[0]])
    ]
    tell(found)


# pytest_plugin is public for pytest alone: what it lists are its fixtures and hooks.
PUBLIC = {
    "publora_async": {*publora_async.__all__, *pytest_plugin.__all__},
    "publora_sync": set(publora_sync.__all__),
}


@pytest.mark.parametrize("package", [publora_async, publora_sync])
def test_a_package_offers_what_it_lists_and_no_more(package: ModuleType) -> None:
    tell(misnamed(package))


def toy(name: str, names: Iterable[str], **values: object) -> ModuleType:
    """Make a module that lists *names* and has these *values*."""
    module = ModuleType(name)
    vars(module).update(values, __all__=list(names))
    return module


def test_a_module_that_lists_nothing_is_told_of(tmp_path: Path) -> None:
    names = ["__init__", "_door/__init__", "_door/shown"]
    files = build(tmp_path, {f"toy/{name}": "" for name in names})
    assert list(without_all(files.values())) == [
        "toy/__init__.py has no `__all__`: list what others may import",
        "toy/_door/shown.py has no `__all__`: list what others may import",
    ]


def test_a_public_name_that_is_not_listed_is_told_of(tmp_path: Path) -> None:
    source = """
        import attrs
        SIZE: int = 4
        _PRIVATE = 6
        class Row: ...
        def check(): ...
    """
    (file,) = build(tmp_path, {"toy/shown": source}).values()
    assert list(unlisted(file, ["Row"])) == [
        "toy/shown.py does not list SIZE: enter it in `__all__`, or give it a `_`",
        "toy/shown.py does not list check: enter it in `__all__`, or give it a `_`",
    ]


def test_machinery_in_a_public_module_is_told_of() -> None:
    assert list(unexported(toy("toy.shown", ["Shown", "check"]), ["Shown"])) == [
        (
            "toy.shown lists check, which toy does not export: export it, or move it to a module "
            "of its own whose name begins with `_`"
        )
    ]


def test_a_package_with_other_names_than_it_lists_is_told_of() -> None:
    package = toy("toy", ["Shown", "__version__"], Row=object(), part=ModuleType("toy.part"))
    assert list(misnamed(package)) == [
        "toy does not list Row: enter it in `__all__`",
        "toy lists Shown and has none: import it, or take it out",
        "dir(toy) shows more: give it a `__dir__` that returns `__all__`",
    ]


@pytest.mark.parametrize("package", [publora_async, publora_sync])
def test_a_name_that_a_package_does_not_have_is_an_attribute_error(package: ModuleType) -> None:
    with pytest.raises(
        AttributeError, match=rf"^module '{package.__name__}' has no attribute 'swordfish'$"
    ):
        _ = package.swordfish


@pytest.mark.parametrize("package", ["publora_async", "publora_sync"])
def test_a_name_that_is_mistyped_gets_a_suggestion(package: str) -> None:
    code = f"import {package}; {package}.ConectionList"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        f"AttributeError: module {package!r} has no attribute 'ConectionList'. "
        "Did you mean: 'ConnectionList'?"
    )


@pytest.mark.parametrize("package", [publora_async, publora_sync])
def test_a_name_of_a_package_is_what_type_checkers_take_it_for(package: ModuleType) -> None:
    """They read its imports, which do not run."""
    for one in imports({package.__name__: FILES[package.__name__]}):
        if one.types_only:
            name = one.name.rpartition(".")[2]
            assert getattr(package, name) is getattr(importlib.import_module(one.of), name)
