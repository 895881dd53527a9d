"""The options that several commands share, and the values they are turned into."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import wraps
from typing import IO, NamedTuple, get_args

import click

from publora_async import ConfigurationError
from publora_async._checks import check_header_value
from publora_sync import Publora
from publora_sync.cli._formats import Format

__all__ = ["UserSelection", "duration", "format_option", "sandbox_option", "users_options"]

sandbox_option = click.option(
    "--sandbox",
    is_flag=True,
    help="Ask a sandbox that runs as long as the command: made-up accounts, no key needed.",
)

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(get_args(Format)),
    default="table",
    show_default=True,
    help="How to write them, see below.",
)


def duration(text: str) -> timedelta:
    """
    Read a duration such as ``7d``.

    Raises:
        BadParameter: *text* is not a number and one of w, d, h, m, s.
    """
    found = re.fullmatch(r"([0-9]{1,8})([wdhms])", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no span of time such as 7d, 36h, 90m or 2w.")
    unit = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}[found[2]]
    return timedelta(**{unit: int(found[1])})


class UserSelection(NamedTuple):
    """
    Whose accounts a command is about.

    Attributes:
        named: The ids that were given, each once. If it is empty and *everyone* is false, the
            command is about the key's own account.

        everyone: Whether the command is about all managed users.

        many: Whether the output says which user each account belongs to.

        concurrency: How many users to ask about at once.
    """

    named: tuple[str, ...]
    everyone: bool
    many: bool
    concurrency: int

    @property
    def one(self) -> str | None:
        """The user's id where it is not *many*. ``None`` means the key's own account."""
        return self.named[0] if self.named else None

    def ids(self, client: Publora) -> Sequence[str]:
        """
        Give the ids of all users, which *client* lists if the command is about everyone.

        Raises:
            PubloraError: The users could not be listed.
        """
        if not self.everyone:
            return self.named
        return [user.id for user in client.managed_users.list()]


def _read_users_file(
    _: click.Context, __: click.Parameter, file: IO[bytes] | None
) -> list[str] | None:
    if file is None:
        return None
    with file:
        user_ids = list(_user_ids_in(file))
    if not user_ids:
        raise click.BadParameter("there is no user id in it.")
    return user_ids


def _user_ids_in(lines: Iterable[bytes]) -> Iterable[str]:
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


_USERS_OPTIONS = (
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
        callback=_read_users_file,
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


def users_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say whose accounts to ask about; *command* takes them as *users*."""

    @wraps(command)
    def with_selection(
        *,
        user_ids: Sequence[str],
        from_file: Sequence[str] | None,
        all_users: bool,
        concurrency: int,
        **others: object,
    ) -> None:
        users = _select(user_ids, from_file, all_users=all_users, concurrency=concurrency)
        command(users=users, **others)

    for option in reversed(_USERS_OPTIONS):
        option(with_selection)
    return with_selection


def _select(
    user_ids: Sequence[str], from_file: Sequence[str] | None, *, all_users: bool, concurrency: int
) -> UserSelection:
    if all_users and (user_ids or from_file is not None):
        raise click.UsageError("--all-users goes with neither --user nor --users-file.")
    named = tuple(dict.fromkeys([*user_ids, *(from_file or ())]))
    many = all_users or from_file is not None or len(user_ids) > 1
    return UserSelection(named, everyone=all_users, many=many, concurrency=concurrency)
