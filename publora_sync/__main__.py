"""The shell's way in: ``publora`` and ``python -m publora_sync``."""

import sys
import traceback

__all__ = ["main"]


def main() -> None:
    """
    Run the ``publora`` command with the arguments of the process.

    Raises:
        SystemExit: Always; ``publora --help`` tells what the exit codes mean.
    """
    try:
        from publora_sync.cli import publora
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"click", "rich"}:
            raise
        sys.stderr.write("the publora command needs click and rich: pip install click rich\n")
        sys.exit(2)
    try:
        publora(prog_name="publora")
    except Exception:  # noqa: BLE001  # a bug; its exit code must not be 1, which check gives
        traceback.print_exc()
        sys.exit(2)


if __name__ == "__main__":
    main()
