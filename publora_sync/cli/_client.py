"""The command's client, of Publora or of a sandbox that runs as long as the command."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar
from urllib.parse import urlsplit

import click

from publora_async import ConnectionList
from publora_sync import Publora
from publora_sync.cli._formats import escape
from publora_sync.cli._settings import Settings
from publora_sync.cli._shell import CommandError, complain, is_quiet, is_terminal, note

if TYPE_CHECKING:
    from publora_async.sandbox import Sandbox

__all__ = [
    "DASHBOARD",
    "OpenClient",
    "attempts_handler",
    "find_user_id",
    "find_user_ids",
    "list_connections",
    "open_client",
    "prompt_for_key",
    "tell_of_silence",
]

P = ParamSpec("P")
T = TypeVar("T")

DASHBOARD = "https://app.publora.com"

_SANDBOX_USERS = 100
_PATIENCE = 2.0  # seconds


class OpenClient(NamedTuple):
    """
    An open client, and the service behind it.

    Attributes:
        client: The client.

        settings: How it asks.

        sandbox: The sandbox that serves it. ``None`` means that Publora does.
    """

    client: Publora
    settings: Settings
    sandbox: "Sandbox | None" = None

    def ask(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Make a *call*, and tell a person whom it waits for if that takes long."""
        with tell_of_silence(self.settings):
            return call(*args, **kwargs)


@contextmanager
def tell_of_silence(settings: Settings, tell: Callable[[str], None] = complain) -> Iterator[None]:
    """*tell* on a terminal what is waited for, if what is done while entered takes long."""
    if is_quiet() or not is_terminal(sys.stderr):
        yield
        return
    host = "the sandbox"
    if not settings.sandbox:
        host = urlsplit(os.environ.get("PUBLORA_BASE_URL", "")).netloc or "api.publora.com"
    words = (
        f"Waiting for {host}: at most {settings.timeout:g} s an attempt (--timeout), "
        f"{settings.deadline:g} s in all (--deadline). Ctrl-C ends it."
    )
    # What is written by another thread must be written whole before this one writes again.
    speaking = threading.Lock()
    timer = threading.Timer(_PATIENCE, lambda: _tell(speaking, timer, tell, words))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with speaking:
            timer.cancel()
        timer.join()


def _tell(
    speaking: threading.Lock, timer: threading.Timer, tell: Callable[[str], None], words: str
) -> None:
    with speaking:
        if not timer.finished.is_set():
            tell(words)


@contextmanager
def open_client(settings: Settings, *, hint: bool = False) -> Iterator[OpenClient]:
    """
    Open a client while entered; its proxy is the environment's, as curl's is.

    Args:
        settings: How it asks.
        hint: Whether to name a user of the sandbox who has accounts of other kinds.

    Raises:
        CommandError: There is no key, and nobody to type it in.
        ConfigurationError: The key, the base URL or the proxy cannot be used.
    """
    with _log_of_attempts() if settings.verbose else _warnings():
        if not settings.sandbox:
            key = prompt_for_key()
            with _client(key, None, settings) as client:
                yield OpenClient(client, settings)
            return
        # It brings a web server with it, which nothing else here needs.
        from publora_async.sandbox import Sandbox

        with (
            Sandbox(users=_SANDBOX_USERS) as service,
            _client(service.api_key, service.base_url, settings) as client,
        ):
            others = f"; --user {service.user_ids[1]} has others" if hint else ""
            note(f"These accounts are made up{others}.")
            yield OpenClient(client, settings, service)


def _client(key: str | None, base_url: str | None, settings: Settings) -> Publora:
    return Publora(
        key,
        base_url=base_url,
        timeout=settings.timeout,
        deadline=settings.deadline,
        trust_env=True,
    )


@contextmanager
def _log_of_attempts() -> Iterator[None]:
    with _logging_to(attempts_handler(), logging.DEBUG):
        yield


@contextmanager
def _warnings() -> Iterator[None]:
    """Tell at the end, below any progress bar, what the SDK warned of, each once."""
    told = _Told(logging.WARNING)
    try:
        with _logging_to(told, logging.WARNING):
            yield
    finally:
        for words in told.words:
            note(f"Warning: {escape(words)}")


class _Told(logging.Handler):
    """Keeps what it is told, each once."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.words: dict[str, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        self.words[record.getMessage()] = None


@contextmanager
def _logging_to(handler: logging.Handler, level: int) -> Iterator[None]:
    logger = logging.getLogger("publora_async")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def attempts_handler() -> logging.Handler:
    """Make what writes each attempt to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(message)s", "%H:%M:%S"))
    return handler


def list_connections(user_id: str | None, settings: Settings) -> ConnectionList:
    """
    List the accounts of one managed user, or with ``None`` those of the key's own account.

    Args:
        user_id: The user's id or e-mail.
        settings: How to ask.

    Raises:
        PubloraError: The accounts could not be listed.
        CommandError: There is no key, and nobody to type it in, or no user of that e-mail.
    """
    with open_client(settings, hint=user_id is None) as opened:
        if user_id is not None:
            user_id = find_user_id(opened, user_id)
        accounts = opened.ask(opened.client.connections.list, user_id=user_id)
    if not accounts:
        how = f"connect some at {DASHBOARD}"
        if user_id is not None:
            how = f"publora connect {escape(user_id)} gives a link to connect some with"
        note(f"No account is connected yet: {how}")
    return accounts


def find_user_ids(opened: OpenClient, named: Sequence[str]) -> list[str]:
    """
    Give the ids of users named by id or e-mail; the users are listed only where one has an e-mail.

    Raises:
        PubloraError: The users could not be listed.
        CommandError: No user has that e-mail.
    """
    if not any("@" in name for name in named):
        return list(named)
    ids = {
        user.email.casefold(): user.id
        for user in opened.ask(opened.client.managed_users.list)
        if user.email
    }
    for name in named:
        if "@" in name and name.casefold() not in ids:
            raise CommandError(
                f"no managed user has the e-mail {escape(name)}: publora users find TEXT "
                "looks for parts of e-mails and names"
            )
    return [ids[name.casefold()] if "@" in name else name for name in named]


def find_user_id(opened: OpenClient, name: str) -> str:
    """Give the id of one user as :func:`find_user_ids` does."""
    return find_user_ids(opened, [name])[0]


def prompt_for_key() -> str | None:
    """
    Ask for the key to be typed in, unless the environment has one.

    Returns:
        The key. ``None`` means that the environment has one, which the client reads by itself.

    Raises:
        CommandError: There is nobody to type it in.
    """
    if os.environ.get("PUBLORA_API_KEY"):
        return None
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise CommandError(
            f"no API key: create one at {DASHBOARD} under API and set PUBLORA_API_KEY"
        )
    key: str = click.prompt("API key (it does not show)", hide_input=True, err=True)
    return key
