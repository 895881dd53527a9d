"""What the guards walk: the packages' modules with their imports, and a client's resources."""

import ast
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import dedent

import attrs
import pytest

import publora_async

__all__ = ["PACKAGES", "ROOT", "Import", "Module", "build", "imports", "resources", "tell", "walk"]

ROOT = Path(publora_async.__path__[0]).parent
PACKAGES = ("publora_async", "publora_sync")


@attrs.frozen
class Import:
    """
    One name that one module imports.

    Attributes:
        by: The module that imports it, such as ``"publora_async.client"``.
        of: The module it is imported from; of a foreign library whatever stands there.
        name: What is imported, with its module. A module as a whole is its own name.
        types_only: Whether only type checkers see it.
    """

    by: str
    of: str
    name: str
    types_only: bool


@attrs.frozen
class Module:
    """
    One file of a package.

    Attributes:
        name: As it is imported; a package's ``__init__`` has the package's name.
        path: The file, below the folder that the packages stand in.
        tree: What it holds.
        source: Its text.
    """

    name: str
    path: Path
    tree: ast.Module = attrs.field(repr=False)
    source: str = attrs.field(repr=False)

    @property
    def is_package(self) -> bool:
        """Whether this is a folder's ``__init__``."""
        return self.path.name == "__init__.py"


def walk(root: Path, *packages: str) -> dict[str, Module]:
    """Read every module of *packages*, sub-packages included, that stand in *root*."""
    found = {}
    for path in sorted(path for package in packages for path in (root / package).rglob("*.py")):
        below = path.relative_to(root)
        parts = below.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        source = path.read_text(encoding="utf-8")
        found[name] = Module(name, below, ast.parse(source), source)
    return found


def build(root: Path, files: dict[str, str]) -> dict[str, Module]:
    """Write a toy house, such as ``{"toy/_door/room": "x = 1"}``, and :func:`walk` it."""
    for name, source in files.items():
        path = (root / name).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source), encoding="utf-8")
    return walk(root, *{name.partition("/")[0] for name in files})


def imports(among: dict[str, Module]) -> Iterator[Import]:
    """Find every import: at the top, inside functions, and for type checkers only."""
    for module in among.values():
        for_types = {
            id(inner)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for statement in node.body
            for inner in ast.walk(statement)
        }
        for node in ast.walk(module.tree):
            for of, name in _names(node, module, among):
                yield Import(module.name, of, name, id(node) in for_types)


def _names(node: ast.AST, module: Module, among: dict[str, Module]) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = module.name if module.is_package else module.name.rpartition(".")[0]
        of = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
        for alias in node.names:
            name = f"{of}.{alias.name}"
            yield (name if name in among else of), name


def resources(client: object) -> dict[str, object]:
    """Find the public attributes of *client* that have methods of their own."""
    package = type(client).__module__.partition(".")[0]
    found = {}
    for name in dir(client):
        value = None if name.startswith("_") else getattr(client, name)
        kind = type(value)
        is_data = attrs.has(kind) or isinstance(value, str)
        if kind.__module__.partition(".")[0] == package and not is_data:
            found[name] = value
    return found


def tell(sentences: Iterable[str]) -> None:
    """Fail with these *sentences*, if there are any, and nothing else to read."""
    if found := list(dict.fromkeys(sentences)):
        pytest.fail("\n".join(found), pytrace=False)
