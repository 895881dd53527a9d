"""A week of changes, the same for the same seed, and the events that they have to become."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import attrs

from publora_async.sandbox import Clock, Faults, Sandbox

__all__ = ["END", "EVERY", "HOUR", "START", "WEEK", "Expected", "Plan", "Size", "make"]

START: Final = datetime(2026, 11, 2, tzinfo=UTC)
WEEK: Final = timedelta(days=7)
EVERY: Final = timedelta(hours=6)
END: Final = START + WEEK + 2 * EVERY

_PLATFORMS = ("twitter", "facebook", "mastodon", "youtube", "telegram")
"""None of these has a date, so that nothing happens that is not planned."""

HOUR: Final = timedelta(hours=1)


@attrs.frozen
class Size:
    """
    How large a week is.

    Attributes:
        users: How many users there are, with five accounts each.
        changes: How many of them something happens to.
        kills: How often the watch is killed.
        seed: What chance begins with.
    """

    users: int
    changes: int
    kills: int
    seed: int


@attrs.define
class Expected:
    """
    What has to be told of one account, in that order.

    Attributes:
        kinds: Each event's kind and when the change was made.
        flaps: Whether it goes to and fro, so that not each change has to be seen.
    """

    kinds: list[tuple[str, datetime]] = attrs.field(factory=list)
    flaps: bool = False


@attrs.define
class Plan:
    """
    A sandbox in which a week will happen.

    Attributes:
        sandbox: It.
        accounts: What has to be told, by user id and platform; of all others, nothing.
    """

    sandbox: Sandbox
    accounts: dict[tuple[str, str], Expected] = attrs.field(factory=dict)

    def at(self, hours: float, change: Callable[..., object], *what: object, **of: object) -> None:
        """Have something happen so many hours after the start."""
        self.sandbox.schedule(START + hours * HOUR, change, *what, **of)

    def tell(self, user_id: str, platform: str, *kinds: tuple[str, float]) -> Expected:
        """Expect these events, each with its hour."""
        expected = self.accounts.setdefault((user_id, platform), Expected())
        expected.kinds += [(kind, START + hours * HOUR) for kind, hours in kinds]
        return expected


def make(size: Size, clock: Clock) -> Plan:
    """Make the sandbox of a week; what has happened by the clock will have happened in it."""
    chance = random.Random(size.seed)  # noqa: S311  # the same each time is the point
    plan = Plan(Sandbox(users=size.users, seed=size.seed, clock=clock))
    sandbox = plan.sandbox
    ids = {
        user_id: sandbox.set_connections(_PLATFORMS, user_id=user_id)
        for user_id in sandbox.user_ids
    }
    for user_id in chance.sample(list(ids), size.changes):
        # Not so late that it cannot be told any more, and never before all were seen.
        begin = chance.uniform(1, 120)
        chance.choice(_CHANGES)(plan, user_id, ids[user_id], begin, chance)
    _of_all(plan, clock, chance)
    return plan


def _of_all(plan: Plan, clock: Clock, chance: random.Random) -> None:
    """What happens to the whole service: nothing of it is news."""
    sandbox = plan.sandbox
    some_fail = partial(Faults, error_rate=0.1, reset_rate=0.1, cut_rate=0.1)
    in_turn = (
        some_fail(),
        some_fail(error_status=429, retry_after=0),
        some_fail(error_status=502, latency=(0.1, 2.0), sleep=clock.sleep),
    )
    for number, hours in enumerate(range(0, 168, 5)):
        plan.at(hours, setattr, sandbox, "faults", in_turn[number % 3])
    outage = chance.uniform(12, 140)
    plan.at(outage, sandbox.start_outage, answer=chance.choice([503, "reset"]))
    plan.at(outage + 0.5, sandbox.end_outage)
    silence = chance.uniform(12, 140)
    plan.at(silence, setattr, sandbox, "form", "contract")
    plan.at(silence + 1, setattr, sandbox, "form", "today")


def _breaks(plan: Plan, user: str, ids: list[str], begin: float, chance: random.Random) -> None:
    which = chance.randrange(5)
    plan.at(begin, plan.sandbox.expire, ids[which], user_id=user)
    plan.tell(user, _PLATFORMS[which], ("broke", begin))


def _recovers(plan: Plan, user: str, ids: list[str], begin: float, chance: random.Random) -> None:
    which, back = chance.randrange(5), begin + chance.uniform(13, 40)
    plan.at(begin, plan.sandbox.expire, ids[which], user_id=user)
    plan.at(back, plan.sandbox.connect, _PLATFORMS[which], user_id=user)
    plan.tell(user, _PLATFORMS[which], ("broke", begin), ("recovered", back))


def _leaves(plan: Plan, user: str, ids: list[str], begin: float, chance: random.Random) -> None:
    which = chance.randrange(5)
    plan.at(begin, plan.sandbox.disconnect, ids[which], user_id=user)
    plan.tell(user, _PLATFORMS[which], ("gone", begin))


def _leaves_with_all(
    plan: Plan, user: str, ids: list[str], begin: float, chance: random.Random
) -> None:
    change = plan.sandbox.detach_user if chance.random() < 0.5 else _disconnect_all
    plan.at(begin, change, *([user] if change == plan.sandbox.detach_user else [plan, user, ids]))
    for platform in _PLATFORMS:
        plan.tell(user, platform, ("gone", begin))


def _disconnect_all(plan: Plan, user: str, ids: list[str]) -> None:
    for platform_id in ids:
        plan.sandbox.disconnect(platform_id, user_id=user)


def _is_renamed(plan: Plan, user: str, ids: list[str], begin: float, chance: random.Random) -> None:
    which = chance.randrange(5)
    plan.at(begin, plan.sandbox.rename, ids[which], f"name{begin:.0f}", user_id=user)
    plan.tell(user, _PLATFORMS[which], ("renamed", begin))


def _comes(plan: Plan, user: str, _: list[str], begin: float, __: random.Random) -> None:
    plan.at(begin, plan.sandbox.connect, "bluesky", user_id=user)
    plan.tell(user, "bluesky", ("appeared", begin))


def _expires(plan: Plan, user: str, _: list[str], begin: float, chance: random.Random) -> None:
    """A date comes near, and passes after the week; or the token is renewed in time."""
    begin = max(begin, 13)
    account = {"platformId": f"linkedin-{user[:8]}", "username": "lin", "displayName": "Lin"}
    dated = {**account, "accessTokenExpiresAt": _date(begin + 7 * 24)}
    others = list(_PLATFORMS[:2])
    plan.sandbox.set_connections([*others, dated], user_id=user)
    plan.tell(user, "linkedin", ("expiring", begin))
    if chance.random() < 0.5:
        renewed = {**account, "accessTokenExpiresAt": _date(60 * 24)}
        kept = [
            {"platformId": one}
            for one in plan.sandbox.set_connections([*others, dated], user_id=user)[:2]
        ]
        plan.at(begin + 30, plan.sandbox.set_connections, [*kept, renewed], user_id=user)


def _passes(plan: Plan, user: str, _: list[str], begin: float, __: random.Random) -> None:
    dated = {"platformId": f"linkedin-{user[:8]}", "accessTokenExpiresAt": _date(begin)}
    plan.sandbox.set_connections([*_PLATFORMS[:2], dated], user_id=user)
    plan.tell(user, "linkedin", ("broke", begin))


def _flaps(plan: Plan, user: str, ids: list[str], begin: float, chance: random.Random) -> None:
    which, begin = chance.randrange(5), begin / 2
    plan.tell(user, _PLATFORMS[which]).flaps = True
    for _ in range(6):
        plan.at(begin, plan.sandbox.expire, ids[which], user_id=user)
        plan.at(begin + 7, plan.sandbox.connect, _PLATFORMS[which], user_id=user)
        begin += 14
        plan.tell(user, _PLATFORMS[which], ("broke", begin - 14), ("recovered", begin - 7))


def _date(hours: float) -> str:
    moment = (START + hours * HOUR).replace(microsecond=0)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


_CHANGES = (
    *(_breaks, _recovers, _leaves, _leaves_with_all, _is_renamed),
    *(_comes, _expires, _passes, _flaps),
)
