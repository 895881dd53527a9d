"""What is public: both colours alike, typed, documented, with imports that run one way."""

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import publora_async
import publora_sync
from publora_async import AsyncAnswers, AsyncConnections, AsyncManagedUsers, AsyncPublora
from publora_sync import Answers, Connections, ManagedUsers, Publora

PACKAGES = [Path(package.__path__[0]) for package in (publora_async, publora_sync)]
MODULES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))

# Lower rows may import from higher ones, never the other way.
LAYERS = [
    {"errors", "_http.dns", "_frames", "_http.timer", "_wire"},
    {"secret", "records", "_decoding.strict_json", "_loops", "_decoding.problems"},
    {"_urls", "connection_list", "connection_test", "managed_user", "_http.gate", "_fan_out"},
    {"_decoding.fast_hooks"},
    {"options", "user_connections", "_decoding.converter", "_http.refusals", "_http.retry"},
    {"_decoding.bodies", "_progress", "_http.request", "_http.session"},
    {"answers", "_http.failures"},
    {"_http.exchange"},
    {"_http.attempt"},
    {"_http.calls"},
    {"connections", "managed_users"},
    {"client", "pytest_plugin"},
]

OWNERS = {
    "aiohttp": {
        "publora_async._http.exchange",
        "publora_async._http.failures",
        "publora_async._http.session",
        "publora_async._http.attempt",
    },
    "cattrs": {"publora_async._decoding.converter"},
    "anyio": {"publora_sync._bridge", "publora_sync._loop_thread"},
}


def public_signatures(kind: type) -> dict[str, object]:
    """Each public method's arguments and what it gives, ``await`` and colour taken away."""
    found: dict[str, object] = {}
    for name, member in inspect.getmembers(kind, inspect.isfunction):
        plain = name.replace("__a", "__").replace("aclose", "close")
        if plain in {"__enter__", "__exit__", "__next__", "__iter__"}:
            found[plain] = None
        elif not name.startswith("_") or name in {"__init__", "__repr__"}:
            found[plain] = str(inspect.signature(member)).replace("'", "")
    return found


# What an argument may be, or a result is called, that only one colour has.
COLOURS = {
    " | collections.abc.AsyncIterable[str]": "",
    "publora_async.answers.AsyncAnswers": "publora_sync.answers.Answers",
}


def in_one_colour(signatures: dict[str, object]) -> dict[str, object]:
    def plain(signature: object) -> object:
        for ours, theirs in COLOURS.items():
            signature = str(signature).replace(ours, theirs)
        return signature

    return {name: plain(signature) for name, signature in signatures.items()}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (AsyncConnections, Connections),
        (AsyncManagedUsers, ManagedUsers),
        (AsyncAnswers, Answers),
    ],
)
def test_both_colours_take_the_same_arguments(ours: type, theirs: type) -> None:
    """Whatever the async class offers, the sync one offers, argument for argument."""
    offered, also = (in_one_colour(public_signatures(kind)) for kind in (ours, theirs))
    del offered["__init__"], also["__init__"]
    assert offered == also


def test_both_clients_offer_the_same_but_for_the_borrowed_session() -> None:
    ours, theirs = public_signatures(AsyncPublora), public_signatures(Publora)
    session = ", session: aiohttp.ClientSession | None = None"
    assert session in str(ours["__init__"])
    ours["__init__"] = str(ours["__init__"]).replace(session, "")
    assert ours == theirs


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports when it runs; not those for type checkers only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body.clear()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            whole = node.module in {"publora_async", "publora_sync"}
            inside = {path.stem for path in MODULES if path.parent.name == node.module}
            for alias in node.names:
                part = whole and alias.name in inside
                yield f"{node.module}.{alias.name}" if part else str(node.module)


def modules_of(package: Path) -> list[Path]:
    return [
        path
        for path in package.rglob("*.py")
        if path.stem not in {"__init__", "__main__"} and path.parent.name not in {"sandbox", "cli"}
    ]


def name_of(path: Path) -> str:
    package = next(package for package in PACKAGES if package in path.parents)
    return ".".join(path.relative_to(package).with_suffix("").parts)


def test_imports_run_one_way() -> None:
    rank = {module: row for row, modules in enumerate(LAYERS) for module in modules}
    for path in modules_of(PACKAGES[0]):
        for name in imports(path):
            package, _, module = name.partition(".")
            assert package != "publora_sync"
            if package == "publora_async" and module in rank:
                assert rank[module] < rank[name_of(path)], (path.stem, name)


def test_the_sync_package_knows_only_public_names_of_the_async_one_and_the_fan_outs_machinery() -> (
    None
):
    machinery = {"publora_async._fan_out", "publora_async._progress"}
    for path in modules_of(PACKAGES[1]):
        for name in set(imports(path)) - machinery:
            assert not name.startswith("publora_async._")


def test_each_foreign_library_has_its_owner() -> None:
    for path in [*modules_of(PACKAGES[0]), *modules_of(PACKAGES[1])]:
        for name in imports(path):
            library = name.partition(".")[0]
            module = ".".join(path.relative_to(PACKAGES[0].parent).with_suffix("").parts)
            assert module in OWNERS.get(library, {module}), name


def test_importing_the_sdk_does_not_import_aiohttp_the_command_or_data_frames() -> None:
    code = (
        "import sys, publora_async, publora_sync;"
        "print({'aiohttp', 'click', 'rich', 'pandas', 'polars'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def public_modules() -> list[ModuleType]:
    names = [
        ".".join(path.relative_to(package.parent).with_suffix("").parts)
        for package in PACKAGES
        for path in package.glob("*.py")
        if not path.stem.startswith("_") and path.stem != "cli"
    ]
    return [importlib.import_module(name) for name in sorted(names)]


@pytest.mark.parametrize("module", public_modules(), ids=lambda module: module.__name__)
def test_all_names_every_public_class(module: ModuleType) -> None:
    defined = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }
    assert {name for name in defined if inspect.isclass(getattr(module, name))} <= set(
        module.__all__
    )


@pytest.mark.parametrize("package", [publora_async, publora_sync])
def test_a_package_offers_what_it_says_and_no_more(package: ModuleType) -> None:
    offered = {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert offered == set(package.__all__)


def test_every_public_method_that_asks_says_what_it_raises() -> None:
    for kind in (AsyncConnections, Connections, AsyncManagedUsers, ManagedUsers):
        for name in public_signatures(kind).keys() - {"__init__"}:
            assert "Raises:" in (inspect.getdoc(getattr(kind, name)) or ""), (kind, name)
