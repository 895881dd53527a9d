"""Where tests reach inside a client: what is private to it and named here, and nowhere else."""

from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeAlias, TypeVar

from publora_async import AsyncPublora
from publora_async._http.calls import Transport
from publora_sync import Publora

__all__ = ["Either", "Sleep", "attempt_by", "draw_from", "on_loop_thread", "sleep_by", "transport"]

P = ParamSpec("P")
T = TypeVar("T")

Either: TypeAlias = AsyncPublora | Publora
Sleep: TypeAlias = Callable[[float], Awaitable[None]]


def _inner(publora: Either) -> AsyncPublora:
    """The async client, which a sync one drives."""
    return publora if isinstance(publora, AsyncPublora) else publora._client


def transport(publora: Either) -> Transport:
    """What its calls go through."""
    return _inner(publora)._transport


def draw_from(publora: Either, random: Callable[[], float]) -> None:
    """Have it draw its random numbers, from 0 up to 1, from *random*."""
    inner, old = _inner(publora), transport(publora)
    inner._use(type(old)(old.options, old.pool, random=random), owner=True)
    if isinstance(publora, Publora):
        publora._use(inner, publora._bridge, owner=True)


def sleep_by(publora: Either, make: Callable[[Sleep], Sleep]) -> None:
    """Have it wait between attempts by what *make* makes of its own way to do so."""
    of = transport(publora)
    of.sleep = make(of.sleep)


def attempt_by(transport: Transport, attempts: Any) -> None:  # noqa: ANN401  # of the same shape
    """Have *attempts* take the place of what makes single attempts."""
    transport.turns.attempts = attempts


def on_loop_thread(
    publora: Publora, work: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run *work* on a sync client's loop thread, and wait for it here."""
    return publora._bridge.run(work, *args, **kwargs)
