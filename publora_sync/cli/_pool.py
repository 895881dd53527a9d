"""The processes that ask for the command, where one is not enough."""

import logging
import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor

from publora_sync.cli._client import attempts_handler
from publora_sync.cli._settings import Settings

__all__ = ["end_pool", "open_pool"]


def open_pool(workers: int, settings: Settings) -> ProcessPoolExecutor:
    """Make a pool of so many processes; they start with the first work."""
    # Not by fork: there are threads already.
    known = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in known else "spawn")
    context.set_forkserver_preload(["publora_sync._executors.worker"])
    return ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(settings,)
    )


def end_pool(pool: ProcessPoolExecutor, *, early: bool) -> None:
    """
    End the processes.

    Args:
        pool: The pool.
        early: Whether they are in the middle of something that nobody waits for.
    """
    if early:
        for process in multiprocessing.active_children():
            process.terminate()
    pool.shutdown(cancel_futures=True)


def _begin(settings: Settings) -> None:
    # Ctrl-C is for the process that waits for this one, and ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if settings.verbose:
        logger = logging.getLogger("publora_async")
        logger.addHandler(attempts_handler())
        logger.setLevel(logging.DEBUG)
