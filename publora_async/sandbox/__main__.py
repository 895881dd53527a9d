"""The sandbox from the shell: ``python -m publora_async.sandbox``."""

import argparse
from collections.abc import Sequence
from typing import NoReturn

from publora_async.sandbox._faults import Faults
from publora_async.sandbox._sandbox import Sandbox, serve

__all__ = ["main"]

_EPILOG = """\
Once it listens, the first two lines on stdout are

  PUBLORA_BASE_URL=http://127.0.0.1:8787/api/v1
  PUBLORA_API_KEY=sk_sandbox.workspace

which is what the Publora client reads from its environment. Any HTTP client will do:

  curl http://127.0.0.1:8787/api/v1/platform-connections -H "x-publora-key: YOUR_API_KEY"

Only programs on this machine can reach it. Ctrl-C ends it.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line long."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> None:
    """
    Serve a sandbox until SIGINT or SIGTERM.

    Args:
        argv: The arguments after the program's name. ``None`` means those of the process.

    Raises:
        SystemExit: Help was asked for (0), or a value is wrong or the port taken (2).
    """
    parser = _parser()
    asked = parser.parse_args(argv)
    try:
        faults = Faults(
            latency=asked.latency,
            error_rate=asked.error_rate,
            rate_limit=asked.rate_limit,
            reset_rate=asked.reset_rate,
        )
        serve(
            Sandbox(
                port=asked.port, users=asked.users, seed=asked.seed, form=asked.form, faults=faults
            )
        )
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(str(error.strerror))


def _parser() -> _Parser:
    parser = _Parser(
        prog="python -m publora_async.sandbox",
        description="Run a local stand-in for the Publora API, with made-up data.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=8787, help="where to listen, 0 for any free port (8787)")
    add("--users", type=int, default=1000, help="how many managed users there are (1000)")
    add("--seed", type=int, default=0, help="another seed gives other data (0)")
    add(
        "--form",
        choices=("today", "contract"),
        default="today",
        help="all the fields that connections have today (the default), or the contract's five",
    )
    _add_faults(parser)
    return parser


def _add_faults(parser: _Parser) -> None:
    add = parser.add_argument_group("what goes wrong").add_argument
    add(
        "--latency",
        type=_latency,
        default=0.0,
        metavar="SECONDS",
        help="how long each request waits for its answer, such as 0.2, or 0.1-0.5 at random",
    )
    for switch, fate in (("--error-rate", "is answered 500"), ("--reset-rate", "is reset")):
        add(
            switch,
            type=float,
            default=0.0,
            metavar="SHARE",
            help=f"what share of the requests {fate}, from 0 to 1",
        )
    add(
        "--rate-limit",
        type=int,
        metavar="REQUESTS",
        help="how many requests are served each second; 429 for the others",
    )


def _latency(text: str) -> float | tuple[float, float]:
    least, dash, most = text.partition("-")
    try:
        return (float(least), float(most)) if dash else float(least)
    except ValueError:
        message = f"must be seconds, such as 0.2 or 0.1-0.5, not {text!r}"
    raise argparse.ArgumentTypeError(message)


if __name__ == "__main__":
    main()
