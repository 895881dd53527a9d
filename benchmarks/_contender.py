"""The parent's side of a contender: a process of its own, and the pipes to it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs

import benchmarks
from benchmarks._job import Task

__all__ = ["ROOT", "Contender", "Entry", "Form", "absent", "speed_installed", "started"]

Form: TypeAlias = Literal["base", "speed"]

ROOT = Path(benchmarks.__path__[0]).parent


@attrs.frozen
class Entry:
    """
    Who takes part.

    Attributes:
        name: What it is called in the tables, and how it is referred to.
        target: ``module:function``, the module without its package; the function takes the
            :class:`Task` and gives a context manager of the job.
        needs: What has to be installed for it.
        form: ``speed``: on uvloop, and with orjson to be found. ``base``: without both.
    """

    name: str
    target: str
    needs: str = "aiohttp"
    form: Form = "base"

    def with_speed(self) -> "Entry":
        """Give the same contender with the ``speed`` extra."""
        return attrs.evolve(self, name=f"{self.name} +speed", form="speed")


def speed_installed() -> bool:
    """Whether the ``speed`` extra is there."""
    return all(find_spec(module) for module in ("orjson", "uvloop"))


def absent(entry: Entry) -> str | None:
    """Say what *entry* lacks, or ``None``."""
    if entry.form == "speed" and not speed_installed():
        return "the speed extra"
    return None if find_spec(entry.needs) else entry.needs


class Contender:
    """
    A contender that is running.

    Attributes:
        entry: Who it is.
        loop: The package of its event loop, ``none`` where it has none of its own.
    """

    def __init__(self, entry: Entry, task: Task) -> None:
        self.entry = entry
        target, form = f"benchmarks.{entry.target}", entry.form
        self._process = subprocess.Popen(  # noqa: S603  # our own
            [sys.executable, "-m", "benchmarks._worker", target, form, _json(task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def ready(self) -> None:
        """Wait until it has started."""
        self.loop = self._answer()["ready"]

    def check(self) -> list[Any]:
        """Have it do a little of the work, and say what it got."""
        seen: list[Any] = self._ask({"do": "check"})["seen"]
        return seen

    def run(self, calls: int, warm_up: int) -> dict[str, Any]:
        """Have it do so many calls, after some that are not counted."""
        return self._ask({"do": "run", "calls": calls, "warm_up": warm_up})

    def close(self) -> None:
        """End it by ending its input."""
        self._process.communicate()

    def _ask(self, order: dict[str, object]) -> dict[str, Any]:
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"the contender {self.entry.name} has ended; see its error above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _json(task: Task) -> str:
    return json.dumps(attrs.asdict(task))


@contextmanager
def started(entries: Sequence[Entry], task: Task) -> Iterator[list[Contender]]:
    """Start those whose libraries are installed, each in a process; end them afterwards."""
    with ExitStack() as stack:
        contenders = []
        for entry in entries:
            if absent(entry) is None:
                contenders.append(Contender(entry, task))
                stack.callback(contenders[-1].close)
        for contender in contenders:
            contender.ready()
        yield contenders
