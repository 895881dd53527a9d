"""The users and their ids, computed from the seed when needed, and who of them is managed."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain, count
from typing import Literal, NamedTuple, overload

import attrs

from publora_async.sandbox._accounts import JsonObject, timestamp
from publora_async.sandbox._clock import Schedule
from publora_async.sandbox._people import person
from publora_async.sandbox._routes import Refusal
from publora_async.sandbox._seeded_random import SeededRandom

__all__ = [
    "MAX_USERS",
    "Link",
    "Standing",
    "UserBook",
    "UserIds",
    "email_exists",
    "is_email",
    "is_user_id",
]

MAX_USERS = 2**31
"""Half of the indices that an id can hold; the other half is for users created later."""

Standing = Literal["managed", "standalone", "subscribed", "inactive", "elsewhere", "owner"]
"""
What a user is: of this workspace, of none (without or with a subscription, or inactive), of
another workspace, or the owner of one.
"""

_FOR_EVER = 365_000
_OWNER_EMAIL = "hello@example.com"
_USER_ID = re.compile(r"[0-9a-f]{24}")
_LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBER_IN_EMAIL = re.compile(r"([0-9]{1,10})@")
_SPAN = 2**32
_FACTOR = 0x9E3779B1
_INVERSE = pow(_FACTOR, -1, _SPAN)
_MASK = 0x5BD1E995
_EARLIEST = 0x62000000
_SECONDS = 0x05000000

_REASONS = {
    "managed": "already_in_workspace",
    "standalone": "standalone_user_exists",
    "subscribed": "standalone_user_exists",
    "inactive": "inactive_user",
    "elsewhere": "managed_by_another_workspace",
    "owner": "workspace_owner",
}


def _user_id(seed: int, index: int) -> str:
    """
    Compute the id of the managed user at *index*: 24 hex digits that look like an ObjectId.

    The first 8 are a time between 2022 and 2024 and the next 8 a checksum, both computed from
    *seed* and *index*. The last 8 are *index*, scrambled.
    """
    check = int.from_bytes(hashlib.blake2b(f"{seed}/{index}".encode(), digest_size=8).digest())
    seconds = _EARLIEST + (check >> 32) % _SECONDS
    return f"{seconds:08x}{check % _SPAN:08x}{index * _FACTOR % _SPAN ^ _MASK:08x}"


def _user_index(seed: int, text: object) -> int | None:
    """Give the index whose id is *text*, or ``None`` if it is no id of this *seed*."""
    if not isinstance(text, str) or not _USER_ID.fullmatch(text):
        return None
    index = (int(text[16:], 16) ^ _MASK) * _INVERSE % _SPAN
    return index if _user_id(seed, index) == text else None


@attrs.frozen
class UserIds(Sequence[str]):
    """
    The ids of managed users, each computed when it is asked for.

    Attributes:
        seed: The sandbox's seed.

        indices: The managed users' indices.
    """

    seed: int
    indices: range

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> "UserIds": ...

    def __getitem__(self, at: int | slice) -> "str | UserIds":
        if isinstance(at, slice):
            return UserIds(self.seed, self.indices[at])
        return _user_id(self.seed, self.indices[at])

    def __contains__(self, text: object) -> bool:
        index = _user_index(self.seed, text)
        return index is not None and index in self.indices


class Link(NamedTuple):
    """
    The link to a page where a managed user connects accounts.

    Attributes:
        url: The page's URL.

        expires_at: When the link expires, as the service writes a time.
    """

    url: str
    expires_at: str


class UserBook:
    """
    The managed users: those that the seed gives, with what was changed since.

    Args:
        seed: Decides the users' names, emails, ids and links.

        users: How many there are at first.

        schedule: Tells the time.

    Attributes:
        owner: The index of the workspace's owner, who is no managed user.
    """

    def __init__(self, seed: int, users: int, schedule: Schedule) -> None:
        self._seed = seed
        self._initial = range(users)
        self.owner: int = _SPAN - 1
        self._schedule = schedule
        self._created: dict[int, tuple[str, str]] = {}
        self._standings: dict[int, Standing] = {self.owner: "owner"}
        self._links: dict[int, Link] = {}
        self._serials = count()

    def index(self, text: str) -> int | None:
        """Give the index of the user with the id *text*, or ``None`` if no managed user has it."""
        index = self.find_id(text)
        return None if index is None or self.standing(index) != "managed" else index

    def find_id(self, text: str) -> int | None:
        """Give the index of whoever has the id *text*, managed or not; ``None`` if nobody has."""
        index = _user_index(self._seed, text.lower())
        return index if index in self._initial or index in self._standings else None

    def find_email(self, email: str) -> int | None:
        """Give the index of whoever has this *email*, managed or not; ``None`` if nobody has."""
        email = email.lower()
        if email == _OWNER_EMAIL:
            return self.owner
        for index, (taken, _) in self._created.items():
            if email == taken.lower():
                return index
        number = _NUMBER_IN_EMAIL.search(email)
        if number is None or int(number[1]) not in self._initial:
            return None
        index = int(number[1])
        return index if person(self._seed, index).email == email else None

    def standing(self, index: int) -> Standing:
        """Tell what the user at *index* is."""
        return self._standings.get(index, "managed")

    def set_standing(self, index: int, standing: Standing) -> None:
        """Make the user at *index* one of that kind."""
        self._standings[index] = standing

    def access_token(self, index: int) -> str:
        """Give the token by which the user at *index* consents to being managed."""
        check = SeededRandom("consent", self._seed, index).text("0123456789abcdef", 32)
        return f"{self.id(index)}.{check}"

    def id(self, index: int) -> str:
        """Give the id of the user at *index*."""
        return _user_id(self._seed, index)

    def listing(self) -> Iterator[JsonObject]:
        """Give the managed users one by one, as the service lists them."""
        for index in chain(self._initial, tuple(self._created)):
            if self.standing(index) == "managed":
                yield self.listing_entry(index)

    def listing_entry(self, index: int) -> JsonObject:
        """Give the user at *index* as the service lists it."""
        who = person(self._seed, index)
        email, name = self._created.get(index, (who.email, who.name))
        link = self._link(index)
        return {
            "_id": self.id(index),
            "username": email,
            "displayName": name,
            "role": "managed",
            "dailyPostsLeft": 100,
            "connectionsPageUrl": link and link.url,
            "connectionsPageTokenExpiresAt": link and link.expires_at,
        }

    def create(self, email: str, name: str, standing: Standing = "managed") -> int:
        """Add a user and give its index."""
        index = len(self._initial) + len(self._created)
        self._created[index] = email, name
        self._standings[index] = standing
        return index

    def connect_link(self, index: int, days: float, *, rotate: bool) -> Link:
        """
        Give the link of the user at *index*, a new one if there is none yet.

        Args:
            index: The user's index.

            days: How many days a new link lasts.

            rotate: Whether to replace a link that there is.
        """
        link = None if rotate else self._link(index)
        if link is None:
            random = SeededRandom("rotated", self._seed, index, next(self._serials))
            lasts = self._schedule.elapsed() + timedelta(days=min(days, _FOR_EVER))
            link = self._links[index] = self._new_link(random, lasts)
        return link

    def _link(self, index: int) -> Link | None:
        """Give the link that there is, if any; half of the initial users have one at first."""
        if index in self._links:
            return self._links[index]
        random = SeededRandom("link", self._seed, index)
        if index in self._created or random.below(2):
            return None
        return self._new_link(random, timedelta(hours=1 + random.below(90 * 24)))

    def _new_link(self, random: SeededRandom, lasts: timedelta) -> Link:
        """Make a link that lasts so long from when the sandbox began."""
        token = random.text("0123456789abcdef", 40)
        return Link(
            f"https://app.publora.com/connections/{token}", timestamp(self._schedule.start + lasts)
        )


def is_email(text: object) -> bool:
    """Tell whether *text* looks like an email address."""
    return isinstance(text, str) and len(text) <= _LONGEST_EMAIL and bool(_EMAIL.fullmatch(text))


def is_user_id(text: object) -> bool:
    """Tell whether *text* has the form of a user's id."""
    return isinstance(text, str) and bool(_USER_ID.fullmatch(text.lower()))


def email_exists(users: UserBook, index: int) -> Refusal:
    """Give the refusal to create another user with the email of the one at *index*."""
    standing = users.standing(index)
    attachable = standing == "standalone"
    return Refusal(
        409,
        "User with this email already exists",
        "email_exists",
        userId=users.id(index),
        reason=_REASONS[standing],
        attachable=attachable,
        requiresConsent=attachable,
        alreadyInWorkspace=standing == "managed",
        managedByAnotherWorkspace=standing == "elsewhere",
    )
