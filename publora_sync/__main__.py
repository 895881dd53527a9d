"""The shell's way in: ``publora`` and ``python -m publora_sync``."""

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["main"]

_CTRL_C = 130


def main() -> None:
    """
    Run the ``publora`` command with the arguments of the process.

    Raises:
        SystemExit: Always; ``publora --help`` tells what the exit codes mean.
    """
    try:
        with _ending_at_ctrl_c():
            from publora_sync.cli import publora
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"click", "rich"}:
            raise
        sys.stderr.write("the publora command needs click and rich: pip install click rich\n")
        sys.exit(2)
    try:
        publora(prog_name="publora")
    except KeyboardInterrupt:  # while a shell completes words: a command sees to it by itself
        sys.exit(_CTRL_C)
    except Exception:  # noqa: BLE001  # a bug; its exit code must not be 1, which check gives
        traceback.print_exc()
        sys.exit(2)


@contextmanager
def _ending_at_ctrl_c() -> Iterator[None]:
    """Let a Ctrl-C end the process without a word while entered, unless it is ignored."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        # No exception: modules that are half imported catch it, or tell of it as of a bug.
        signal.signal(signal.SIGINT, lambda *_: os._exit(_CTRL_C))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    main()
