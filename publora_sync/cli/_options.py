"""The options that several commands share, and the values they are turned into."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import IO, NamedTuple, get_args

import click

from publora_async import ConfigurationError, ManagedUser
from publora_async._checks import check_header_value
from publora_sync.cli._client import OpenClient, find_user_ids
from publora_sync.cli._formats import Format

__all__ = [
    "Output",
    "UserSelection",
    "one_process_users_options",
    "output_options",
    "users_options",
]

FORMATS = get_args(Format)


class Output(NamedTuple):
    """
    How the output is written.

    Attributes:
        form: In which format.
        columns: The names of what to show. Empty: what is usual.
        raw: Whether csv keeps what a spreadsheet would run.
    """

    form: Format
    columns: tuple[str, ...] = ()
    raw: bool = False

    @property
    def tells_failures(self) -> bool:
        """Whether there is a column for why a user could not be asked about."""
        return not self.columns or "error" in self.columns


_format_option = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How to write them, see below.",
)
_raw_option = click.option(
    "--raw",
    is_flag=True,
    help="csv: keep cells that a spreadsheet would run, such as =1+2 or @name, as they are. "
    "Without it they get a ' in front.",
)


def output_options(
    names: Sequence[str] = (),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    Add ``--format``, ``--raw`` and, where there are *names* for it, ``--columns``.

    The command takes them as *output*, an :class:`Output`.
    """

    def add(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_output(
            *, form: Format, raw: bool, columns: str | None = None, **others: object
        ) -> None:
            chosen = () if columns is None else _chosen(columns, names, form)
            command(output=Output(form, chosen, raw), **others)

        _raw_option(with_output)
        if names:
            _columns_option(names)(with_output)
        _format_option(with_output)
        return with_output

    return add


def _columns_option(names: Sequence[str]) -> Callable[[Callable[..., None]], object]:
    def complete(_: click.Context, __: click.Parameter, typed: str) -> list[str]:
        before, comma, last = typed.rpartition(",")
        return [before + comma + name for name in names if name.startswith(last)]

    return click.option(
        "--columns",
        metavar="NAMES",
        shell_complete=complete,
        help="table, csv: what to show, such as platform,platformId. See below for the names.",
    )


def _chosen(columns: str, names: Sequence[str], form: Format) -> tuple[str, ...]:
    if form in {"json", "ndjson"}:
        raise click.UsageError("--columns goes with table and csv: json has everything.")
    known = {_bare(name): name for name in names}
    chosen = []
    for column in columns.split(","):
        name = known.get(_bare(column))
        if name is None:
            raise click.BadParameter(
                f"{column!r} is none of {', '.join(names)}.", param_hint="'--columns'"
            )
        chosen.append(name)
    return tuple(dict.fromkeys(chosen))


def _bare(name: str) -> str:
    return re.sub("[-_ ]", "", name).lower()


class UserSelection(NamedTuple):
    """
    Whose accounts a command is about.

    Attributes:
        named: The ids and e-mails that were given, each once. If it is empty and *everyone* is
            false, the command is about the key's own account.

        everyone: Whether the command is about all managed users.

        many: Whether the output says which user each account belongs to.

        concurrency: How many users to ask about at once.

        workers: How many processes ask.
    """

    named: tuple[str, ...]
    everyone: bool
    many: bool
    concurrency: int = 32
    workers: int = 1

    @property
    def one(self) -> str | None:
        """The user's id or e-mail where it is not *many*. ``None``: the key's own account."""
        return self.named[0] if self.named else None

    def of(self, opened: OpenClient) -> Sequence[str | ManagedUser]:
        """
        Give all users; those of the client are listed where the command is about everyone.

        Raises:
            PubloraError: The users could not be listed.
            CommandError: No user has an e-mail that was given.
        """
        if self.everyone:
            return opened.ask(opened.client.managed_users.list)
        return list(dict.fromkeys(find_user_ids(opened, self.named)))


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
        metavar="USER",
        multiple=True,
        help="Ask about this managed user, by id or e-mail, not about the key's own account. "
        "May be given several times. Takes a workspace key, as do the next two.",
    ),
    click.option(
        "--users-file",
        "from_file",
        type=click.File("rb"),
        callback=_read_users_file,
        metavar="FILE",
        help="Ask about the users whose ids or e-mails are in FILE, one a line; -: stdin.",
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
_WORKERS_OPTION = click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many processes ask, --concurrency users in all. It pays for very many users only.",
)


def users_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say whose accounts to ask about; *command* takes them as *users*."""
    return one_process_users_options(_WORKERS_OPTION(command))


def one_process_users_options(command: Callable[..., None]) -> Callable[..., None]:
    """Do so without that of how many processes ask."""

    @wraps(command)
    def with_selection(
        *,
        user_ids: Sequence[str],
        from_file: Sequence[str] | None,
        all_users: bool,
        concurrency: int,
        workers: int = 1,
        **others: object,
    ) -> None:
        if workers > concurrency:
            raise click.UsageError(f"--workers {workers} takes --concurrency {workers} or more.")
        users = _select(user_ids, from_file, all_users=all_users)
        command(users=users._replace(concurrency=concurrency, workers=workers), **others)

    for option in reversed(_USERS_OPTIONS):
        option(with_selection)
    return with_selection


def _select(
    user_ids: Sequence[str], from_file: Sequence[str] | None, *, all_users: bool
) -> UserSelection:
    if all_users and (user_ids or from_file is not None):
        raise click.UsageError("--all-users goes with neither --user nor --users-file.")
    named = tuple(dict.fromkeys([*user_ids, *(from_file or ())]))
    many = all_users or from_file is not None or len(user_ids) > 1
    return UserSelection(named, everyone=all_users, many=many)
