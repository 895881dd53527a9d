"""The sandbox from the shell: ``python -m publora_async.sandbox``."""

import argparse
from collections.abc import Sequence
from typing import NoReturn

from publora_async.sandbox._faults import Faults
from publora_async.sandbox._sandbox import Sandbox, serve

__all__ = ["main"]

_PROGRAM = "python -m publora_async.sandbox"
_EPILOG = """\
Once it listens, the first two lines on stdout are
  export PUBLORA_BASE_URL=http://127.0.0.1:8787/api/v1
  export PUBLORA_API_KEY=sk_sandbox.workspace
Paste them where a Publora client is to find them in its environment, or run
them there: %(prog)s > where &  then  . ./where
Any HTTP client will do:
  curl http://127.0.0.1:8787/api/v1/platform-connections \\
    -H "x-publora-key: YOUR_API_KEY"
Only programs on this machine can reach it.

Examples:
  %(prog)s
  %(prog)s --port 0 --users 1000000
  %(prog)s --latency 0.1-0.5 --error-rate 0.05 --rate-limit 50

Exit codes:
  0    ended, by Ctrl-C or SIGTERM
  2    wrong usage, or the port is taken
"""


class _Parser(argparse.ArgumentParser):
    """A parser that complains in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None, *, program: str = _PROGRAM) -> None:
    """
    Serve a sandbox until SIGINT or SIGTERM.

    Args:
        arguments: What follows the program's name. ``None`` means that of the process.

        program: What help and complaints call the program.

    Raises:
        SystemExit: Help was asked for (0), or a value is wrong or the port taken (2).
    """
    parser = _parser(program)
    options = parser.parse_args(arguments)
    try:
        faults = Faults(
            latency=options.latency,
            error_rate=options.error_rate,
            rate_limit=options.rate_limit,
            reset_rate=options.reset_rate,
        )
        sandbox = Sandbox(
            port=options.port,
            users=options.users,
            seed=options.seed,
            form=options.form,
            faults=faults,
        )
        serve(sandbox)
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(str(error.strerror))


def _parser(program: str) -> _Parser:
    parser = _Parser(
        prog=program,
        description="Run a local stand-in for Publora, with made-up data, until Ctrl-C.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=8787, help="where to listen; 0: any free port (8787)")
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
    add = parser.add_argument_group("faults").add_argument
    add(
        "--latency",
        type=_latency,
        default=0.0,
        metavar="SECONDS",
        help="how long each request waits for its response: 0.2, or 0.1-0.5 at random",
    )
    for option, outcome in (("--error-rate", "get a 500"), ("--reset-rate", "are reset")):
        add(
            option,
            type=float,
            default=0.0,
            metavar="SHARE",
            help=f"what share of the requests {outcome}, from 0 to 1",
        )
    add(
        "--rate-limit",
        type=int,
        metavar="REQUESTS",
        help="how many requests are served each second; the others get a 429",
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
