"""What a test leaves behind, and what it let be seen."""

import asyncio
import gc
import logging
import os
import pickle
import socket
import threading
import traceback
from contextlib import suppress
from pathlib import Path

from publora_async import PubloraError

__all__ = ["Logs", "Resources", "everything_shown"]


class Resources:
    """The threads, tasks and file descriptors there are at one moment, in the running loop."""

    def __init__(self) -> None:
        # One that is only about to start can neither be joined nor have been left behind.
        self.threads = {
            thread
            for thread in threading.enumerate()
            if thread.is_alive() and not _is_pooled(thread)
        }
        self.tasks = asyncio.all_tasks() - {asyncio.current_task()}
        self.descriptors = _descriptors()

    async def more_than(self, before: "Resources") -> dict[str, list[str]]:
        """Give what is there beside what was there *before*, by kind; what ends is awaited."""
        for thread in self.threads - before.threads:
            await asyncio.to_thread(thread.join, 5)
        gc.collect()
        # A closed transport gives its socket back a few turns of the loop later.
        end = asyncio.get_running_loop().time() + 5
        while asyncio.get_running_loop().time() < end:
            now = Resources()
            opened = now.descriptors - before.descriptors
            # uvloop has new sockets for its signals in each run of the loop, in place of the old.
            more = len(now.descriptors) - len(before.descriptors)
            found = {
                "threads": [repr(one) for one in now.threads - before.threads],
                "tasks": [repr(one) for one in now.tasks - before.tasks],
                "descriptors": sorted(opened) if more > 0 else [],
            }
            if not any(found.values()):
                break
            await asyncio.sleep(0)
        return {kind: some for kind, some in found.items() if some}


def _is_pooled(thread: threading.Thread) -> bool:
    # The test's own loop, asyncio's or uvloop's, keeps the threads of asyncio.to_thread until it
    # is closed; trio keeps its own for another 10 seconds.
    return thread.name.startswith(("asyncio_", "uvloop_", "Trio thread"))


def _descriptors() -> set[str]:
    """Where each file descriptor leads, by number; empty where the system does not tell."""
    found = set()
    folder = Path("/proc/self/fd")
    for link in folder.iterdir() if folder.exists() else ():
        with suppress(OSError):  # the one that reads the folder is gone by now
            target = str(link.readlink())
            if not (target.startswith("socket:") and _is_pair(int(link.name))):
                found.add(f"{link.name} -> {target}")
    return found


def _is_pair(descriptor: int) -> bool:
    # uvloop makes its pair for signals anew each time it runs. A loop that is left open shows
    # itself by its selector, too.
    with socket.socket(fileno=os.dup(descriptor)) as one:
        return one.family == socket.AF_UNIX


class Logs(logging.Handler):
    """All that any logger says, at any level, with its tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.alarms: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{record.name} {record.levelname} {self.format(record)}"
        self.lines.append(line)
        # asyncio tells of lost tasks, unclosed connectors and unread errors in this way.
        if record.name == "asyncio" and record.levelno >= logging.ERROR:
            self.alarms.append(line)


def everything_shown(error: PubloraError) -> str:
    """All of *error* that reaches a screen, a log or another process, frames with locals."""
    seen: list[BaseException] = []
    queue: list[BaseException | None] = [error]
    for one in queue:
        if one is not None and one not in seen:
            seen.append(one)
            queue += [one.__cause__, one.__context__]
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    shown.stack[:] = [frame for frame in shown.stack if "/tests/" not in frame.filename]
    parts = [
        *(f"{one} {one!r} {vars(one) if hasattr(one, '__dict__') else ''}" for one in seen),
        *shown.format(),
        pickle.dumps(error).decode("latin-1"),
    ]
    return "\n".join(parts)
