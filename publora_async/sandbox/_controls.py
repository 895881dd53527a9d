"""What a test can do to the accounts and the managed users of a sandbox."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import ParamSpec, get_args

from publora_async.sandbox._accounts import Account, Form
from publora_async.sandbox._cases import (
    expired_now,
    from_fields,
    platform_id_of,
    renamed,
    with_case,
)
from publora_async.sandbox._clock import Schedule, in_utc
from publora_async.sandbox._connections import AccountBook
from publora_async.sandbox._data import Owner
from publora_async.sandbox._faults import check_number
from publora_async.sandbox._platforms import PLATFORMS
from publora_async.sandbox._users import Standing, UserBook

__all__ = ["Controls"]

P = ParamSpec("P")


class Controls:
    """
    What a test can do to the accounts and the managed users, from any thread.

    Args:
        users: Knows the managed users.

        connections: Knows the connected accounts.

        schedule: Tells the time, and carries out what is scheduled.
    """

    def __init__(self, users: UserBook, connections: AccountBook, schedule: Schedule) -> None:
        self._users = users
        self._connections = connections
        self._schedule = schedule

    @property
    def form(self) -> Form:
        """
        Which fields a connection has: ``"today"`` or ``"contract"``. It can be set.

        Raises:
            ValueError: What is set is neither.
        """
        return self._connections.form

    @form.setter
    def form(self, form: Form) -> None:
        if form not in {"today", "contract"}:
            raise ValueError(f'form must be "today" or "contract", not {form!r}')
        self._connections.form = form

    def connect(
        self,
        platform: str,
        *,
        user_id: str | None = None,
        after_polls: int = 0,
        status: str | None = None,
        expires_in: timedelta | None = None,
        last_error: str | None = None,
        test_error: str | None = None,
    ) -> str:
        """
        Connect an account, as its owner would do in a browser.

        This reconnects the first expired account on the platform. If none has expired, or a
        state is asked for with any of the last four arguments, a new account appears.

        Args:
            platform: Name of the platform, such as ``"linkedin"``, in any case.

            user_id: The managed user who connects it. ``None`` means the sandbox's own account.

            after_polls: How many more times the user's connections are listed without it.

            status: The status that the account has now, such as ``"expired"``; it follows the
                clock if it is a matter of the date. ``None`` means what *expires_in* makes it.

            expires_in: How long its token lasts, negative if that is over. ``None`` means as
                long as *status* needs, and without one as long as the platform's usually do.

            last_error: What went wrong with its last post. ``None`` means nothing.

            test_error: What ``test-connection`` complains of, whatever the status, such as
                ``"Bot needs channel administrator posting rights"``. ``None`` means nothing but
                the token.

        Returns:
            The platform id that it has, or will have.

        Raises:
            ValueError: There is no such platform or managed user, *after_polls* is negative, or
                no account on the platform can be in that state.
        """
        check_number("after_polls", after_polls)
        platform = platform.lower()
        if platform not in PLATFORMS:
            raise ValueError(f"platform must be one of {', '.join(PLATFORMS)}, not {platform!r}")
        with self._schedule.up_to_date():
            owner = self._owner(user_id)
            if (status, expires_in, last_error, test_error) == (None, None, None, None):
                return self._connections.connect(owner, platform, after_polls)
            account = self._connections.new(owner, platform)
            elapsed = self._schedule.elapsed()
            account = with_case(account, elapsed, status, expires_in, last_error, test_error)
            return self._connections.put(owner, account, after_polls)

    def expire(
        self, platform_id: str, *, user_id: str | None = None, last_error: str | None = None
    ) -> None:
        """
        Have an account's token expire now; where its platform knows no date, it is revoked.

        Args:
            platform_id: Which account.

            user_id: The managed user whose account it is. ``None`` means the sandbox's own.

            last_error: What went wrong with its last post. ``None`` means what did before.

        Raises:
            ValueError: There is no such managed user or account.
        """
        with self._schedule.up_to_date():
            owner, account = self._found(platform_id, user_id)
            expired = expired_now(account, self._schedule.elapsed(), last_error)
            self._connections.put(owner, expired)

    def rename(
        self,
        platform_id: str,
        username: str,
        *,
        display_name: str | None = None,
        user_id: str | None = None,
    ) -> None:
        """
        Give an account another name.

        Args:
            platform_id: Which account.

            username: What it is called from now on.

            display_name: The name to show. ``None`` means *username*.

            user_id: The managed user whose account it is. ``None`` means the sandbox's own.

        Raises:
            ValueError: There is no such managed user or account.
        """
        with self._schedule.up_to_date():
            owner, account = self._found(platform_id, user_id)
            shown = username if display_name is None else display_name
            self._connections.put(owner, renamed(account, username, shown))

    def disconnect(self, platform_id: str, *, user_id: str | None = None) -> None:
        """
        Disconnect an account.

        Args:
            platform_id: Which.

            user_id: The managed user whose account it is. ``None`` means the sandbox's own.

        Raises:
            ValueError: There is no such managed user or account.
        """
        with self._schedule.up_to_date():
            owner, account = self._found(platform_id, user_id)
            self._connections.remove(owner, account.platform_id)

    def set_connections(
        self, connections: Iterable[str | Mapping[str, object]], *, user_id: str | None = None
    ) -> list[str]:
        """
        Replace all accounts of a user.

        Args:
            connections: A platform's name gives a new account with nothing wrong. A mapping gives
                one with these fields, as the service spells them (``platformId`` at least);
                platforms, statuses and fields that nobody has heard of are taken too. Of a
                mapping without ``tokenStatus`` the status follows its ``accessTokenExpiresAt``.

            user_id: The managed user. ``None`` means the sandbox's own account.

        Returns:
            Their platform ids.

        Raises:
            ValueError: There is no such managed user or platform, or a field is malformed.

            TypeError: A field has a value that JSON does not know.
        """
        with self._schedule.up_to_date():
            owner = self._owner(user_id)
            accounts = [self._account(owner, one) for one in connections]
            self._connections.replace(owner, accounts)
        return [account.platform_id for account in accounts]

    def create_user(
        self, email: str, display_name: str | None = None, *, standing: Standing = "managed"
    ) -> str:
        """
        Add a user, with nothing connected.

        Args:
            email: An address that no other user has.

            display_name: The name to show. ``None`` means *email*.

            standing: What the user is: ``"managed"`` by this workspace; a ``"standalone"`` one,
                who can be attached with ``user_access_token``; or one who cannot be:
                ``"subscribed"``, ``"inactive"``, ``"elsewhere"`` (managed by another workspace),
                or the ``"owner"`` of one.

        Returns:
            The user's id, which is not among ``user_ids``.

        Raises:
            ValueError: *email* is taken, or there is no such *standing*.
        """
        if standing not in get_args(Standing):
            raise ValueError(f"standing must be one of {', '.join(get_args(Standing))}")
        with self._schedule.up_to_date():
            if self._users.find_email(email) is not None:
                raise ValueError(f"there is a user with the email {email!r} already")
            return self._users.id(self._users.create(email, display_name or email, standing))

    def user_access_token(self, user_id: str) -> str:
        """
        Give the token with which a user consents to being attached to the workspace.

        Args:
            user_id: A user's id, managed or not.

        Raises:
            ValueError: Nobody has this id.
        """
        index = self._users.find_id(user_id)
        if index is None:
            raise ValueError(f"{user_id!r} is nobody's id")
        return self._users.access_token(index)

    def detach_user(self, user_id: str) -> None:
        """
        Stop managing a user, who is a standalone one then.

        Raises:
            ValueError: There is no such managed user.
        """
        with self._schedule.up_to_date():
            self._users.set_standing(self._index(user_id), "standalone")

    def schedule(
        self,
        when: timedelta | datetime,
        change: Callable[P, object],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """
        Have something happen later by the sandbox's clock.

        It happens before the first request, or the first call of a method of this kind, that
        comes at that time or later, and counts as having happened on time.

        .. code-block:: python

            sandbox.schedule(timedelta(days=2), sandbox.expire, platform_id)
            sandbox.schedule(timedelta(days=3), sandbox.start_outage)
            sandbox.schedule(timedelta(days=3, hours=1), sandbox.end_outage)

        Args:
            when: How long from now, or the time itself, aware.

            change: What is called then, in whatever thread that happens to be. What it raises
                is raised when the sandbox is left.

            args: What *change* is called with.

            kwargs: The same, by name.

        Raises:
            ValueError: *when* has no time zone.
        """
        if isinstance(when, timedelta):
            moment = self._schedule.now() + when
        else:
            moment = in_utc("when", when)
        self._schedule.add(moment, partial(change, *args, **kwargs))

    def _account(self, owner: Owner, wanted: str | Mapping[str, object]) -> Account:
        if isinstance(wanted, str):
            if wanted not in PLATFORMS:
                raise ValueError(f"a platform is one of {', '.join(PLATFORMS)}, not {wanted!r}")
            return with_case(
                self._connections.new(owner, wanted), self._schedule.elapsed(), None, None, None
            )
        platform, _, _ = platform_id_of(wanted).partition("-")
        return from_fields(self._connections.new(owner, platform), self._schedule.start, wanted)

    def _found(self, platform_id: str, user_id: str | None) -> tuple[Owner, Account]:
        owner = self._owner(user_id)
        for account in self._connections.accounts(owner):
            if account.platform_id == platform_id:
                return owner, account
        raise ValueError(f"{platform_id!r} is not connected")

    def _owner(self, user_id: str | None) -> Owner:
        return None if user_id is None else self._index(user_id)

    def _index(self, user_id: str) -> int:
        index = self._users.index(user_id)
        if index is None:
            raise ValueError(f"{user_id!r} is not a managed user; take one of user_ids")
        return index
