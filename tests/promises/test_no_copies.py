"""A client stays in its process, uncopied; and to import the SDK does nothing but define things."""

import copy
import pickle
from collections.abc import Callable
from functools import partial
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import pytest
from asking import Serve
from capabilities import needs_descriptors
from conftest import KEY
from hostile import reply
from processes import finished, started

from publora_async import AsyncPublora
from publora_sync import Publora

ADVICE = (
    "a client is neither pickled nor copied, its key and connections stay in this process: "
    "make one where it is needed"
)
CLIENTS: dict[str, Callable[[], AsyncPublora | Publora]] = {
    "async": lambda: AsyncPublora(KEY),
    "sync": lambda: Publora(KEY),
    "async, derived": lambda: AsyncPublora(KEY).with_options(deadline=5),
    "sync, derived": lambda: Publora(KEY).with_options(deadline=5),
}
WAYS: dict[str, Callable[[object], object]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy within": lambda client: copy.deepcopy({"client": [client]}),
    "for a spawned process": ForkingPickler.dumps,
    **{
        f"pickle {protocol}": partial(pickle.dumps, protocol=protocol)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", WAYS)
def test_31_pickling_or_copying_a_client_is_refused_with_advice(way: str, client: str) -> None:
    with pytest.raises(TypeError) as caught:
        WAYS[way](CLIENTS[client]())
    assert str(caught.value) == ADVICE
    assert KEY not in f"{caught.value!r}"


IMPORTS = """
import importlib, logging, os, pathlib, pkgutil, threading

def import_all(*packages):
    for name in packages or ("publora_async", "publora_sync"):
        package = importlib.import_module(name)
        for module in pkgutil.iter_modules(package.__path__, f"{name}."):
            if module.name.endswith(("__main__", ".cli")):  # those are the command
                continue
            importlib.import_module(module.name)
            if module.ispkg:
                import_all(module.name)

def forget():
    for name in [name for name in sys.modules if name.startswith("publora_")]:
        del sys.modules[name]

# Once, so that what comes from other packages' imports is over.
import_all()
forget()
logging.getLogger("publora_async").handlers.clear()

class Environment(dict):
    def __getattribute__(self, name):
        seen.append(f"os.environ.{name}")
        return super().__getattribute__(name)
    def __getitem__(self, name):
        seen.append(f"os.environ[{name}]")
        return super().__getitem__(name)

def watch(event, arguments):
    if event == "open":
        path = pathlib.Path(os.fsdecode(arguments[0]))
        if path.suffix in {".py", ".pyc"} or arguments[1] is None and path.suffix == "":
            return  # what an import itself reads
    if event.partition(".")[0] in {"open", "socket", "_thread", "subprocess", "ctypes", "os"}:
        if event not in {"os.listdir", "os.scandir"}:
            seen.append(f"{event} {arguments}")

seen = []
before = threading.enumerate(), len(os.listdir("/proc/self/fd")), vars(logging.root).copy()
kept, os.environ = os.environ, Environment(os.environ)
sys.addaudithook(watch)
import_all()
events, seen = seen, []
os.environ = kept
assert before == (threading.enumerate(), len(os.listdir("/proc/self/fd")), vars(logging.root))
ours = [logging.getLogger(name) for name in logging.root.manager.loggerDict if "publora" in name]
print(events)
print(len([name for name in sys.modules if name.startswith("publora_")]) > 60)
ours = {one.name: (one.level, one.handlers, one.propagate, one.disabled) for one in ours}
print(ours.pop("publora_async"), {set_up for set_up in map(str, ours.values())})
"""


@needs_descriptors
def test_31_nothing_happens_at_import(serve: Serve, tmp_path: Path) -> None:
    server = serve(reply())
    with started(IMPORTS, server, tmp_path) as script:
        code, output, errors = finished(script)
    assert (code, errors) == (0, "")
    assert output.splitlines() == [
        "[]",
        "True",
        "(0, [<NullHandler (NOTSET)>], True, False) {'(0, [], True, False)'}",
    ]
    assert server.connections == 0
