"""The options that several commands share, and what they are turned into."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import IO, NamedTuple, TypeVar

import click

from publora_async import ConfigurationError
from publora_async._checks import check_header_value
from publora_sync.client import Publora

__all__ = ["Users", "choose", "format_option", "sandbox_option", "span", "users_options"]

F = TypeVar("F", bound=Callable[..., object])

sandbox_option = click.option(
    "--sandbox",
    is_flag=True,
    help="Ask a sandbox that runs as long as the command: made-up accounts, no key needed.",
)

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "ndjson"]),
    default="table",
    show_default=True,
    help="How to write them, see below.",
)


def span(text: str) -> timedelta:
    """
    Read a span of time such as ``7d``.

    Raises:
        BadParameter: It is none.
    """
    found = re.fullmatch(r"([0-9]{1,8})([wdhms])", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no span of time such as 7d, 36h, 90m or 2w.")
    unit = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}[found[2]]
    return timedelta(**{unit: int(found[1])})


class Users(NamedTuple):
    """
    Who is to be asked about.

    Attributes:
        named: The ids that were given, each once. Without any, and without *everyone*, it is
            the key's own account.

        everyone: Whether it is all managed users.

        many: Whether the answer says whose each account is.
    """

    named: tuple[str, ...]
    everyone: bool
    many: bool

    @property
    def one(self) -> str | None:
        """Whom to ask about where it is not *many*; ``None``: the key's own account."""
        return self.named[0] if self.named else None

    def ids(self, client: Publora) -> Sequence[str]:
        """
        Give the ids of all of them.

        Raises:
            PubloraError: They had to be listed, and could not be.
        """
        if not self.everyone:
            return self.named
        return [user.id for user in client.managed_users.list()]


def choose(user_ids: Sequence[str], from_file: Sequence[str] | None, *, all_users: bool) -> Users:
    """
    Make sense of the options of :func:`users_options` together.

    Raises:
        UsageError: They contradict each other.
    """
    if all_users and (user_ids or from_file is not None):
        raise click.UsageError("--all-users goes with neither --user nor --users-file.")
    named = tuple(dict.fromkeys([*user_ids, *(from_file or ())]))
    many = all_users or from_file is not None or len(user_ids) > 1
    return Users(named, everyone=all_users, many=many)


def users_options(command: F) -> F:
    """Give *command* the options that say about whom to ask, and how many at once."""
    options = (
        click.option(
            "--user",
            "user_ids",
            metavar="ID",
            multiple=True,
            help="Ask about this managed user, not the key's own account. May be given several "
            "times. Takes a workspace key, as do the next two.",
        ),
        click.option(
            "--users-file",
            "from_file",
            type=click.File("rb"),
            callback=_read,
            metavar="FILE",
            help="Ask about the users whose ids are in FILE, one a line; -: stdin.",
        ),
        click.option("--all-users", is_flag=True, help="Ask about every managed user."),
        click.option(
            "--concurrency",
            type=click.IntRange(min=1),
            default=32,
            show_default=True,
            help="How many users to ask about at once.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _read(_: click.Context, __: click.Parameter, file: IO[bytes] | None) -> list[str] | None:
    if file is None:
        return None
    with file:
        user_ids = list(_user_ids(file))
    if not user_ids:
        raise click.BadParameter("there is no user id in it.")
    return user_ids


def _user_ids(lines: Iterable[bytes]) -> Iterable[str]:
    for number, line in enumerate(lines, 1):
        # Editors on Windows begin a file with a byte order mark.
        text = line.decode("utf-8-sig", "replace")
        words = text.partition("#")[0].split()
        if len(words) > 1:
            raise click.BadParameter(f"line {number} holds more than one user id.")
        for word in words:
            try:
                yield check_header_value("a user id", word)
            except ConfigurationError as error:
                raise click.BadParameter(f"line {number}: {error}.") from None
