"""How the command gets on with the shell: streams, exit codes, Ctrl-C, the key."""

import os
import sys
from typing import IO

import click

from publora_async import PubloraError

__all__ = ["DASHBOARD", "Commands", "Failure", "ask_for_key", "note", "write"]

DASHBOARD = "https://app.publora.com"


class Failure(click.ClickException):
    """Something could not be done; shown as one line on stderr."""

    exit_code = 2

    def show(self, file: IO[str] | None = None) -> None:
        """Write the line."""
        click.echo(f"publora: {self.format_message()}", file=file, err=True)


class Commands(click.Group):
    """Commands that end without a traceback where nothing is wrong with their code."""

    def invoke(self, ctx: click.Context) -> object:
        """
        Run the command that was asked for.

        Raises:
            Failure: In place of a :class:`publora_async.PubloraError`.
            Exit: 130, in place of a Ctrl-C.
        """
        try:
            return super().invoke(ctx)
        except PubloraError as error:
            raise Failure(str(error)) from None
        except KeyboardInterrupt:
            # The terminal has written ^C: what comes next begins on a line of its own.
            note("")
        except click.Abort:
            # Ctrl-C or Ctrl-D at a prompt, which has ended its line.
            pass
        raise click.exceptions.Exit(130)


def ask_for_key() -> str | None:
    """
    Have the key typed in, where the environment has none.

    Returns:
        The key. ``None``: the environment has one, which the client reads by itself.

    Raises:
        Failure: There is nobody to type it in.
    """
    if os.environ.get("PUBLORA_API_KEY"):
        return None
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise Failure(f"no API key: create one at {DASHBOARD} under API and set PUBLORA_API_KEY")
    key: str = click.prompt("API key (it does not show)", hide_input=True, err=True)
    return key


def write(text: str) -> None:
    """
    Write an answer to stdout, in UTF-8 whatever the locale says.

    Raises:
        Failure: The disk is full, for one. A reader that has seen enough, such as ``head``,
            is no failure.
    """
    try:
        click.echo(text.encode(), nl=False)
    except OSError as error:
        # What is left over would be written once more at exit: let it go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise Failure(f"cannot write the answer: {error.strerror}") from None


def note(text: str) -> None:
    """Write a line to stderr: whatever is not the answer."""
    click.echo(text, err=True)
