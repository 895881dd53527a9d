"""
A contender's own process: ``python -m benchmarks._worker MODULE:FUNCTION FORM TASK``.

Orders come as lines of JSON on stdin, and each is answered by one on stdout. Between orders it
waits for the next, and so takes no time from the contender whose turn it is.
"""

import asyncio
import importlib
import json
import os
import sys
import time
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import IO, Any

__all__: list[str] = []


def main() -> None:
    """Serve orders until stdin ends."""
    target, form, task = sys.argv[1:]
    # Whatever a library prints goes to stderr: stdout is the pipe.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if form != "speed":
        _hide("orjson", "uvloop")
    module, _, function = target.partition(":")
    from benchmarks._job import Task

    opened = getattr(importlib.import_module(module), function)(Task(**json.loads(task)))
    if isinstance(opened, AbstractAsyncContextManager):
        _run(_serve_async(opened, replies), form)
    else:
        _serve(opened, replies)


def _hide(*modules: str) -> None:
    """Have an import of *modules* fail, as where they are not installed."""
    for module in modules:
        sys.modules[module] = None  # type: ignore[assignment]


def _run(serving: Any, form: str) -> None:  # noqa: ANN401  # what both runners take
    if form == "speed":
        import uvloop

        uvloop.run(serving)
    else:
        asyncio.run(serving)


def _serve(opened: AbstractContextManager[Any], replies: IO[str]) -> None:
    with opened as job:
        _reply(replies, {"ready": _loop_name()})
        for line in sys.stdin:
            order = json.loads(line)
            if order["do"] == "check":
                _reply(replies, {"seen": job.check()})
                continue
            job.run(order["warm_up"])
            wall, cpu = time.perf_counter(), time.process_time()
            gave = job.run(order["calls"])
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            _reply(replies, {"wall": wall, "cpu": cpu, "gave": gave})


async def _serve_async(opened: AbstractAsyncContextManager[Any], replies: IO[str]) -> None:
    async with opened as job:
        _reply(replies, {"ready": _loop_name()})
        # The loop stands still while it waits here: nothing of this contender is to run then.
        for line in sys.stdin:
            order = json.loads(line)
            if order["do"] == "check":
                _reply(replies, {"seen": await job.check()})
                continue
            await job.run(order["warm_up"])
            wall, cpu = time.perf_counter(), time.process_time()
            gave = await job.run(order["calls"])
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            _reply(replies, {"wall": wall, "cpu": cpu, "gave": gave})


def _loop_name() -> str:
    try:
        return type(asyncio.get_running_loop()).__module__.partition(".")[0]
    except RuntimeError:
        return "none"


def _reply(replies: IO[str], reply: dict[str, object]) -> None:
    replies.write(json.dumps(reply) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()
