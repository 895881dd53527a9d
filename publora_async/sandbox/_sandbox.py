"""The sandbox as its user holds it, and how one is served in the foreground."""

import asyncio
import re
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType, TracebackType
from typing import Final, Literal

from publora_async.sandbox._clock import Clock, Schedule, in_utc
from publora_async.sandbox._connections import AccountBook
from publora_async.sandbox._controls import Controls
from publora_async.sandbox._dispatch import Dispatcher
from publora_async.sandbox._faults import Faults, OutageAnswer, check_number, check_outage_answer
from publora_async.sandbox._injector import FaultInjector
from publora_async.sandbox._keys import (
    NO_API_ACCESS_KEY,
    NO_OWNER_ACCESS_KEY,
    ORDINARY_KEY,
    OWNERLESS_KEY,
    Keys,
)
from publora_async.sandbox._server import LoopbackServer
from publora_async.sandbox._service import Service
from publora_async.sandbox._users import MAX_USERS, UserBook, UserIds

__all__ = ["Sandbox", "serve"]


class Sandbox(Controls, LoopbackServer):
    """
    A local stand-in for Publora: a real HTTP server, on loopback only, with made-up data.

    ``async with`` runs it in the current event loop, ``with`` on a thread of its own.
    Leaving drops every connection at once. It can be entered again, with the data and the
    counts that it had. All else can be done from any thread, while it runs and before.

    .. code-block:: python

        async with Sandbox(users=1000) as sandbox:
            async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
                accounts = await publora.connections.list()

    Args:
        users: How many managed users there are at first. A million costs no more than ten.

        seed: The same *seed* gives the same ids, names and connections; with the same time
            on its clock it gives the same dates too.

        port: Where to listen, 0 for any free port.

        api_key: The key of the account, with workspace access. The documentation's
            placeholder, ``YOUR_API_KEY``, works in its place.

        form: Which fields a connection has: all of ``"today"``, or the five that the
            ``"contract"`` names, of which only the date can be null.

        clock: Tells the time. Tokens expire by it and all dates are counted from what it shows
            when the sandbox is made. ``None`` means the real time.

        now: The same as ``clock=Clock(now)``: a clock that stands still. ``None`` means
            *clock*.

        faults: What goes wrong at first. ``None`` means nothing.

    Attributes:
        ordinary_key: A key of the same account without workspace access: 403 on whatever
            concerns managed users.

        no_api_access_key: The key of an account without API access: 403 on every call.

        no_owner_access_key: A key with workspace access, of a workspace whose owner has no API
            access: 403 on the making of users' keys.

        ownerless_key: A key whose owner is gone: 401 on every call.

    Raises:
        ValueError: An argument is out of its range.
    """

    ordinary_key: Final[str] = ORDINARY_KEY
    no_api_access_key: Final[str] = NO_API_ACCESS_KEY
    no_owner_access_key: Final[str] = NO_OWNER_ACCESS_KEY
    ownerless_key: Final[str] = OWNERLESS_KEY

    def __init__(
        self,
        *,
        users: int = 10,
        seed: int = 0,
        port: int = 0,
        api_key: str = "sk_sandbox.workspace",
        form: Literal["today", "contract"] = "today",
        clock: Clock | None = None,
        now: datetime | None = None,
        faults: Faults | None = None,
    ) -> None:
        check_number("users", users, most=MAX_USERS)
        check_number("seed", seed)
        check_number("port", port, most=65535)
        if not re.fullmatch("[!-~]+", api_key):
            raise ValueError("api_key must be printable ASCII without blanks")
        if form not in {"today", "contract"}:
            raise ValueError(f'form must be "today" or "contract", not {form!r}')
        if now is not None and clock is not None:
            raise ValueError("give either now or clock")
        self._clock = clock or Clock(now and in_utc("now", now))
        self._api_key = api_key
        self._user_ids = UserIds(seed, range(users))
        self._keys = Keys(seed, api_key)
        self._injector = FaultInjector(seed)
        self.faults = faults
        schedule = Schedule(self._clock)
        managed_users = UserBook(seed, users, schedule)
        connections = AccountBook(seed, users, schedule, form)
        Controls.__init__(self, managed_users, connections, schedule)
        service = Service(self._keys, managed_users, connections)
        LoopbackServer.__init__(self, Dispatcher(service, self._injector, schedule), port)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """
        Stop it.

        Raises:
            ExceptionGroup: Changes that were scheduled have failed, and nothing else has.
        """
        await super().__aexit__(exc_type, exc, traceback)
        if exc is None:
            self._schedule.raise_failures()

    @property
    def api_key(self) -> str:
        """The key of the account. It may act for the managed users."""
        return self._api_key

    @property
    def user_ids(self) -> Sequence[str]:
        """
        The ids of the managed users that there are at first.

        Each is computed when it is asked for, so a million take no memory. Users who are
        created or detached later do not change it.
        """
        return self._user_ids

    @property
    def clock(self) -> Clock:
        """Tells the time in it; moving it moves the tokens towards their ends."""
        return self._clock

    @property
    def now(self) -> datetime:
        """What its clock shows, in UTC."""
        return self._clock.now()

    @property
    def requests(self) -> int:
        """How many requests have arrived."""
        return self._dispatcher.requests

    @property
    def answers(self) -> Mapping[tuple[str, int], int]:
        """
        How often each call got a response with each status.

        A key is, for example, ``("POST /test-connection/{platformId}", 404)``. Whatever
        is not documented counts as the call ``"unknown"``.
        """
        return MappingProxyType(self._dispatcher.answers)

    @property
    def faulted(self) -> Mapping[tuple[str, str], int]:
        """
        How often each call met each fault.

        A key is, for example, ``("GET /platform-connections", "reset")``. The faults are
        called ``"latency"``, ``"outage"``, ``"rate_limit"``, ``"error"``, ``"reset"``
        and ``"cut"``.
        """
        return MappingProxyType(self._injector.faulted)

    @property
    def requests_of(self) -> Mapping[str, int]:
        """How many requests there were for each managed user whom the ``faults`` named then."""
        return MappingProxyType(self._injector.requests_of)

    @property
    def peak_in_flight(self) -> int:
        """The most requests that were ever in flight at once, their responses not all sent."""
        return self._dispatcher.peak_in_flight

    @property
    def faults(self) -> Faults | None:
        """
        What goes wrong now. ``None`` means nothing.

        It can be set while the sandbox runs, from any thread. Setting it starts the faults
        from their beginning: requests and seconds count from then, and chance starts over.
        """
        return self._faults

    @faults.setter
    def faults(self, faults: Faults | None) -> None:
        self._faults = faults
        self._injector.set_faults(faults)

    def start_outage(self, *, answer: OutageAnswer = 503) -> None:
        """
        Serve no request from now on, whatever ``faults`` say, until ``end_outage()``.

        Args:
            answer: What requests get: an HTTP status code from 400 to 599, or ``"reset"``
                for a connection that is reset without a response.

        Raises:
            ValueError: *answer* is neither.
        """
        check_outage_answer("answer", answer)
        self._injector.start_outage(answer)

    def end_outage(self) -> None:
        """Serve requests again, as ``faults`` allow."""
        self._injector.end_outage()

    def fail_next(
        self,
        requests: int = 1,
        answer: OutageAnswer = 503,
        *,
        retry_after: int | None = None,
        body: Mapping[str, object] | None = None,
    ) -> None:
        """
        Have the next requests fail, whatever ``faults`` say, and the later ones served.

        A second call concerns the requests behind those of the first.

        Args:
            requests: How many.

            answer: What they get: an HTTP status code from 400 to 599, or ``"reset"`` for a
                connection that is reset without a response.

            retry_after: The header ``Retry-After`` of a 429, in whole seconds. ``None`` means
                no such header.

            body: What the responses hold, for example an ``error`` and a ``code``. ``None``
                means an ``error`` that says what the status says.

        Raises:
            ValueError: An argument is out of its range.

            TypeError: JSON has no such value as *body* holds.
        """
        check_number("requests", requests)
        check_outage_answer("answer", answer)
        if retry_after is not None:
            check_number("retry_after", retry_after)
        self._injector.fail_next(requests, answer, retry_after, body)

    def revoke_key(self, *, after: int = 0) -> None:
        """
        Refuse ``api_key``, with 401 ``Invalid API key``.

        Args:
            after: How many more requests with the key are served before that.

        Raises:
            ValueError: *after* is negative or no whole number.
        """
        check_number("after", after)
        self._keys.revoke(after)


def serve(sandbox: Sandbox) -> None:
    """
    Run *sandbox* in the foreground until SIGINT or SIGTERM.

    Once it listens, its base URL and key are printed as lines that a POSIX shell can run,
    ``export PUBLORA_BASE_URL=...`` and ``export PUBLORA_API_KEY=...``. Call it from the main
    thread, outside any event loop.

    Args:
        sandbox: A sandbox that is not running yet.

    Raises:
        OSError: The port cannot be had.
    """
    asyncio.run(_serve(sandbox))


async def _serve(sandbox: Sandbox) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop(*_: object) -> None:
        loop.call_soon_threadsafe(stopped.set)

    async with sandbox:
        # Not the loop's own signal handlers: Windows has none.
        before = [
            (number, signal.signal(number, stop)) for number in (signal.SIGINT, signal.SIGTERM)
        ]
        try:
            sys.stdout.write(f"export PUBLORA_BASE_URL={sandbox.base_url}\n")
            sys.stdout.write(f"export PUBLORA_API_KEY={shlex.quote(sandbox.api_key)}\n")
            sys.stdout.flush()
            await stopped.wait()
        finally:
            for number, handler in before:
                signal.signal(number, handler)
