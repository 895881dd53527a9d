"""Names of platforms as people type them: in any case, X for Twitter, or mistyped."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import click

from publora_async import Connection, ConnectionList, Platform
from publora_sync.cli._formats import escape
from publora_sync.cli._shell import CommandError

__all__ = ["PlatformFilter", "complete_platform", "platform_option", "platform_to_wait_for"]


def _known_as(name: str) -> str:
    """Give the name as Publora spells it, whether or not it is one of the platforms known here."""
    try:
        return Platform(name).value
    except ValueError:
        return name.strip().lower()


def _meant(name: str, others: Iterable[str] = ()) -> str:
    close = get_close_matches(_known_as(name), {*Platform, *others}, 1)
    return f": did you mean {escape(str(close[0]))}?" if close else ""


class PlatformFilter:
    """
    Selects accounts by platform, and remembers which platforms there are.

    Args:
        names: The platforms as they were typed. Every account is selected if there is none.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = {_known_as(name): name for name in names}
        self._seen: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._names)

    def __str__(self) -> str:
        return " or ".join(map(escape, self._names.values()))

    @property
    def words(self) -> str:
        """What to put behind "accounts": `` on x``; empty if every account is selected."""
        return f" on {self}" if self else ""

    def __call__(self, accounts: Iterable[Connection]) -> ConnectionList:
        """Select those of *accounts* that are on one of the platforms."""
        return ConnectionList(filter(self._selects, accounts))

    def _selects(self, account: Connection) -> bool:
        name = _known_as(account.platform)
        self._seen.add(name)
        return not self._names or name in self._names

    def check(self) -> None:
        """
        Refuse names that no account has had and that are no known platform's.

        Raises:
            CommandError: There is one, perhaps a mistyped one.
        """
        for name, typed in self._names.items():
            if name not in {*Platform, *self._seen}:
                raise CommandError(
                    f"no account is on {escape(typed)!r}, which is no platform that is known here"
                    f"{_meant(name, self._seen)}"
                )


def platform_to_wait_for(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    """
    Give the platform as Publora spells it.

    Raises:
        BadParameter: It looks like a slip of another name: the wait would be in vain.
    """
    if name is None:
        return None
    known = _known_as(name)
    if known not in set(Platform) and (hint := _meant(known)):
        raise click.BadParameter(f"there is no platform {name!r}{hint}")
    return known


def complete_platform(_: click.Context, __: click.Parameter, typed: str) -> list[str]:
    """Complete the name of a platform."""
    return [name.value for name in Platform if name.startswith(typed.lower())]


platform_option = click.option(
    "--platform",
    "platforms",
    metavar="NAME",
    multiple=True,
    shell_complete=complete_platform,
    help="Only accounts on this platform, such as linkedin. May be given several times.",
)
