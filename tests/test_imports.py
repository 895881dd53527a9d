"""Who imports what: one way, through the doors, each foreign library by its owner."""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import attrs
from surface import PACKAGES, ROOT, Import, build, imports, resources, tell, walk

import publora_async
import publora_async.sandbox
from publora_async import AsyncPublora

RESOURCES = {type(one).__module__ for one in resources(AsyncPublora("sk_made.up")).values()}
HALL = "publora_async"


@attrs.frozen
class Door:
    """
    A folder with machinery of its own.

    Attributes:
        takes: What its modules may import of their package, besides one another.
        serves: Which modules outside of the doors may import it. ``None``: any.
    """

    takes: set[str] = attrs.field(factory=set)
    serves: set[str] | None = None


DOORS = {
    "publora_async._http": Door(
        takes={
            "publora_async._checks",
            "publora_async._decoding.strict_json",
            "publora_async._loops",
            "publora_async._wire",
            "publora_async._version",
            "publora_async.errors",
            "publora_async.options",
            "publora_async.secret",
        },
        serves={*RESOURCES, "publora_async._watch.rounds", "publora_async.client"},
    ),
    "publora_async._decoding": Door(
        takes={
            "publora_async._wire",
            "publora_async.errors",
            "publora_async.records",
            "publora_async.secret",
        },
        serves={*RESOURCES, "publora_async._watch.events", "publora_async.connection_list"},
    ),
    "publora_async._display": Door(
        takes={
            "publora_async._checks",
            "publora_async._introspection",
            "publora_async._wire",
            "publora_async.errors",
            "publora_async.records",
        },
    ),
    "publora_async._fan_out": Door(
        takes={
            "publora_async._checks",
            "publora_async.errors",
            "publora_async.managed_users",
            "publora_async.user_connections",
        },
        serves={*RESOURCES, "publora_async._watch.rounds", "publora_async.answers"},
    ),
    "publora_async._watch": Door(
        takes={
            "publora_async._checks",
            "publora_async._decoding.bodies",
            "publora_async._display.urgency",
            "publora_async._fan_out.fan_out",
            "publora_async._fan_out.user_ids",
            "publora_async._http.gate",
            "publora_async._introspection",
            "publora_async._wire",
            "publora_async.connection_list",
            "publora_async.errors",
            "publora_async.permissions",
            "publora_async.records",
            "publora_async.watch",
        },
        serves={*RESOURCES, HALL, "publora_async.snapshots", "publora_async.watch"},
    ),
    "publora_async.sandbox": Door(serves={"publora_async.pytest_plugin"}),
    "publora_sync._executors": Door(
        takes={"publora_sync._bridge", "publora_sync.answers"},
        serves={"publora_sync.connections"},
    ),
    "publora_sync.cli": Door(takes={"publora_sync"}, serves={"publora_sync.__main__"}),
}
"""What lies behind which door. The modules of a hall may import one another."""

SHARED = {
    "publora_async._checks.check_count",
    "publora_async._checks.check_header_value",
    "publora_async._checks.masked",
    "publora_async._fan_out.fan_out.FanOut",
    "publora_async._fan_out.progress.Collector",
    "publora_async._fan_out.user_ids.check_users",
    "publora_async._fan_out.user_ids.user_id_of",
    "publora_async._fan_out.window.SLOW",
    "publora_async._fan_out.window.Window",
    "publora_async._http.gate.Gate",
    "publora_async._http.gate.GatePolicy",
    "publora_async._http.gate.Outcome",
    "publora_async._http.gate.WINDOW",
    "publora_async._http.options.ClientOptions",
    "publora_async._introspection.resource",
    "publora_async._loops.loop_or_none",
    "publora_async._display.urgency.Urgency",
    "publora_async._display.urgency.by_urgency",
    "publora_async._display.urgency.urgency_of",
    "publora_async._watch.state.status_of",
    "publora_async.sandbox.__main__.main",
}
"""What ``publora_sync`` takes of ``publora_async`` that users have no name for."""

OWNERS = {
    "aiohttp": {"publora_async._http"},
    "aiohttp.web": {"publora_async.sandbox"},
    "anyio": {"publora_sync._loop_thread", "publora_async.sandbox"},
    "apprise": {"publora_sync.cli"},
    "attrs": {"publora_async", "publora_sync"},
    "cattrs": {"publora_async._decoding"},
    "click": {"publora_sync.cli"},
    "multidict": {"publora_async._http"},
    "orjson": {"publora_async._decoding"},
    "matplotlib": {"publora_async._display"},
    "opentelemetry": {"publora_async._http.tracing"},
    "pandas": {"publora_async._display"},
    "polars": {"publora_async._display"},
    "pyarrow": {"publora_async._display"},
    "pydantic": {"publora_async._introspection"},
    "pydantic_core": {"publora_async._introspection"},
    "pytest": {"publora_async.pytest_plugin"},
    "rich": {"publora_sync.cli"},
    "tqdm": {"publora_async._fan_out"},
    "typing_extensions": {"publora_async._introspection", "publora_async.user_connections"},
    "xlsxwriter": {"publora_async._display"},
    "yarl": {"publora_async._http"},
}
"""Who may import what is not ours: modules, or all modules below one."""

IN_SIGNATURES = {
    "aiohttp": {"publora_async.client"},
}
"""Who may import it besides, for type checkers only."""


def is_below(name: str, above: str) -> bool:
    return name == above or name.startswith(f"{above}.")


def door_of(module: str, doors: Iterable[str]) -> str | None:
    return next((door for door in doors if is_below(module, door)), None)


def _top(module: str) -> str:
    return module.partition(".")[0]


def cycles(found: Iterable[Import]) -> list[str]:
    """Say which modules import one another, type-only imports included."""
    graph: dict[str, set[str]] = {}
    for one in found:
        if one.by != one.of:
            graph.setdefault(one.by, set()).add(one.of)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        names = error.args[1][:0:-1]  # whose first is its last again
        first = names.index(min(names))
        way = " imports ".join([*names[first:], *names[: first + 1]])
        return [f"{way}: move what they share to a module that imports none of them"]
    return []


def wrong_ways(found: Iterable[Import], doors: dict[str, Door]) -> Iterator[str]:
    """Say which imports go round a door."""
    for one in found:
        mine, other = door_of(one.by, doors), door_of(one.of, doors)
        # What one package may know of the other is told by SHARED.
        if mine == other or _top(one.by) != _top(one.of):
            continue
        if mine is not None:
            if one.of not in doors[mine].takes:
                yield (
                    f"{one.by} imports {one.of}, which {mine} may not know: do without, or enter "
                    "it in the `takes` of its row in DOORS of tests/test_imports.py"
                )
        elif other is not None:
            serves = doors[other].serves
            if serves is not None and one.by not in serves:
                yield (
                    f"{one.by} imports {one.of}, which is not for it: ask a resource, or enter "
                    f"it in the `serves` of {other} in DOORS of tests/test_imports.py"
                )


def needless_rows(found: Iterable[Import], doors: dict[str, Door]) -> Iterator[str]:
    """Say what a door may import and does not."""
    found = list(found)
    for name, door in doors.items():
        taken = {one.of for one in found if is_below(one.by, name)}
        for module in sorted(door.takes - taken):
            yield f"{name} no longer imports {module}: take it out of DOORS"


def without_rows(folders: Iterable[str], doors: dict[str, Door]) -> Iterator[str]:
    """Say which sub-package no row tells anything about."""
    for folder in folders:
        if door_of(folder, doors) is None:
            yield (
                f"{folder} is a new door: enter in DOORS of tests/test_imports.py what its "
                "modules may import and whom they serve"
            )


def unshared(
    found: Iterable[Import], public: Mapping[str, Iterable[str]], shared: set[str]
) -> Iterator[str]:
    """Say what the sync package takes of the async one that is neither public nor listed."""
    allowed = {f"{module}.{name}" for module, names in public.items() for name in names} | shared
    taken = set()
    for one in found:
        if is_below(one.by, "publora_sync") and is_below(one.of, HALL):
            taken.add(one.name)
            if one.name not in allowed:
                yield (
                    f"{one.by} imports {one.name}, which is no public name: do without, or "
                    "enter it in SHARED of tests/test_imports.py"
                )
    for name in sorted(shared - taken):
        yield f"publora_sync no longer imports {name}: take it out of SHARED"


def upwards(found: Iterable[Import]) -> Iterator[str]:
    """Say where the async package knows the sync one."""
    for one in found:
        if is_below(one.by, HALL) and is_below(one.of, "publora_sync"):
            yield f"{one.by} imports {one.of}: the sync package drives the async one, never back"


def disowned(
    found: Iterable[Import], owners: dict[str, set[str]], in_signatures: dict[str, set[str]]
) -> Iterator[str]:
    """Say who imports a foreign library that is another's, and which row has no use."""
    used = set()
    for one in found:
        top = _top(one.name)
        if top in sys.stdlib_module_names or top in PACKAGES:
            continue
        rows = [library for library in owners if is_below(one.name, library)]
        if not rows:
            yield f"{one.by} imports {top}: enter its owner in OWNERS of tests/test_imports.py"
            continue
        library = max(rows, key=len)
        owner = door_of(one.by, owners[library])
        if owner is not None:
            used.add((library, owner))
        elif not one.types_only or not any(
            is_below(one.name, name) and one.by in allowed
            for name, allowed in in_signatures.items()
        ):
            yield (
                f"{one.by} imports {one.name}, whose owner is "
                f"{' or '.join(sorted(owners[library]))}: ask it to do what is needed"
            )
    for library, those in owners.items():
        for owner in sorted(those):
            if (library, owner) not in used:
                yield f"{owner} no longer imports {library}: take it out of OWNERS"


MODULES = walk(ROOT, *PACKAGES)
IMPORTS = list(imports(MODULES))


def test_imports_run_in_no_circle() -> None:
    tell(cycles(IMPORTS))


def test_imports_go_through_the_doors() -> None:
    tell(wrong_ways(IMPORTS, DOORS))
    tell(needless_rows(IMPORTS, DOORS))


def test_every_sub_package_has_its_row() -> None:
    folders = [name for name, one in MODULES.items() if one.is_package and name not in PACKAGES]
    tell(without_rows(folders, DOORS))


def test_the_sync_package_takes_public_names_and_what_is_listed() -> None:
    public = {one.__name__: one.__all__ for one in (publora_async, publora_async.sandbox)}
    tell(unshared(IMPORTS, public, SHARED))


def test_the_async_package_does_not_know_the_sync_one() -> None:
    tell(upwards(IMPORTS))


def test_each_foreign_library_has_its_owner() -> None:
    tell(disowned(IMPORTS, OWNERS, IN_SIGNATURES))


def test_importing_the_sdk_does_not_import_aiohttp_the_command_or_data_frames() -> None:
    code = (
        "import sys, publora_async, publora_sync;"
        "from publora_async import ConnectionList, UserConnectionsList;"
        "unwanted = {'aiohttp', 'click', 'matplotlib', 'pandas', 'polars', 'pyarrow', 'pydantic', "
        "'rich', 'xlsxwriter'}; print(unwanted & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def toy(folder: Path, files: dict[str, str]) -> list[Import]:
    """Read the imports of a toy house."""
    return list(imports(build(folder, files)))


def test_a_circle_is_told_of_also_where_one_import_is_hidden_in_a_function(tmp_path: Path) -> None:
    found = toy(
        tmp_path,
        {
            "publora_async/first": "from publora_async import second",
            "publora_async/second": """
            def f():
                from publora_async._door.third import name
        """,
            "publora_async/_door/third": "from ..first import name",
        },
    )
    assert cycles(found) == [
        (
            "publora_async._door.third imports publora_async.first imports publora_async.second "
            "imports publora_async._door.third: move what they share to a module that imports none "
            "of them"
        )
    ]


def test_a_circle_that_only_type_checkers_see_is_told_of(tmp_path: Path) -> None:
    found = toy(
        tmp_path,
        {
            "publora_async/errors": """
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                from publora_async.user_connections import UserConnections
        """,
            "publora_async/user_connections": "import publora_async.errors",
        },
    )
    assert cycles(found) == [
        (
            "publora_async.errors imports publora_async.user_connections imports "
            "publora_async.errors: move what they share to a module that imports none of them"
        )
    ]


def test_an_import_behind_a_door_of_what_is_not_for_it_is_told_of(tmp_path: Path) -> None:
    doors = {"publora_async._http": Door(takes={"publora_async.errors"})}
    found = toy(
        tmp_path,
        {
            "publora_async/errors": "",
            "publora_async/records": "",
            "publora_async/_http/request": """
            import json
            from publora_async._http import retry
            from publora_async.records import Connection
        """,
            "publora_async/_http/retry": "",
        },
    )
    assert list(wrong_ways(found, doors)) == [
        (
            "publora_async._http.request imports publora_async.records, which publora_async._http "
            "may not know: do without, or enter it in the `takes` of its row in DOORS of "
            "tests/test_imports.py"
        )
    ]
    assert list(needless_rows(found, doors)) == [
        "publora_async._http no longer imports publora_async.errors: take it out of DOORS"
    ]


def test_an_import_through_a_door_by_whom_it_does_not_serve_is_told_of(tmp_path: Path) -> None:
    found = toy(
        tmp_path,
        {
            "publora_async/client": "from publora_async._http.calls import Transport",
            "publora_async/records": "from publora_async._http import calls",
            "publora_async/_http/calls": "",
        },
    )
    doors = {"publora_async._http": Door(serves={"publora_async.client"})}
    assert list(wrong_ways(found, doors)) == [
        (
            "publora_async.records imports publora_async._http.calls, which is not for it: ask a "
            "resource, or enter it in the `serves` of publora_async._http in DOORS of "
            "tests/test_imports.py"
        )
    ]


def test_a_new_door_is_told_of() -> None:
    folders = ["publora_async._http", "publora_async._cache"]
    assert list(without_rows(folders, {"publora_async._http": Door()})) == [
        (
            "publora_async._cache is a new door: enter in DOORS of tests/test_imports.py what its "
            "modules may import and whom they serve"
        )
    ]


def test_what_the_sync_package_takes_beyond_public_names_is_told_of(tmp_path: Path) -> None:
    found = toy(
        tmp_path,
        {
            "publora_async/secret": "",
            "publora_sync/client": """
            from publora_async import Connection, row
            from publora_async.secret import Secret, masked
        """,
        },
    )
    public = {"publora_async": ["Connection"]}
    shared = {"publora_async.secret.Secret", "publora_async._fan_out.FanOut"}
    assert list(unshared(found, public, shared)) == [
        (
            "publora_sync.client imports publora_async.row, which is no public name: do without, "
            "or enter it in SHARED of tests/test_imports.py"
        ),
        (
            "publora_sync.client imports publora_async.secret.masked, which is no public name: do "
            "without, or enter it in SHARED of tests/test_imports.py"
        ),
        "publora_sync no longer imports publora_async._fan_out.FanOut: take it out of SHARED",
    ]


def test_an_import_of_the_sync_package_by_the_async_one_is_told_of(tmp_path: Path) -> None:
    found = toy(tmp_path, {"publora_async/client": "import publora_sync.client"})
    assert list(upwards(found)) == [
        (
            "publora_async.client imports publora_sync.client: the sync package drives the async "
            "one, never back"
        )
    ]


def test_a_foreign_library_outside_of_its_owner_is_told_of(tmp_path: Path) -> None:
    found = toy(
        tmp_path,
        {
            "publora_async/_http/calls": "import aiohttp, json",
            "publora_async/client": """
            import httpx
            from publora_async._http import calls
            if TYPE_CHECKING:
                import aiohttp
            from aiohttp import web
        """,
            "publora_async/records": """
            if TYPE_CHECKING:
                from aiohttp import ClientSession
        """,
        },
    )
    owners = {"aiohttp": {"publora_async._http"}, "aiohttp.web": {"publora_async.sandbox"}}
    assert list(disowned(found, owners, {"aiohttp": {"publora_async.client"}})) == [
        "publora_async.client imports httpx: enter its owner in OWNERS of tests/test_imports.py",
        (
            "publora_async.client imports aiohttp.web, whose owner is publora_async.sandbox: ask "
            "it to do what is needed"
        ),
        (
            "publora_async.records imports aiohttp.ClientSession, whose owner is "
            "publora_async._http: ask it to do what is needed"
        ),
        "publora_async.sandbox no longer imports aiohttp.web: take it out of OWNERS",
    ]
