"""The managed users: drawn ones without a table of them, changes on top."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, count
from typing import NamedTuple

from publora_async.sandbox._accounts import Wire, stamp
from publora_async.sandbox._draw import Draw
from publora_async.sandbox._ids import user_id, user_index
from publora_async.sandbox._people import person

__all__ = ["Link", "ManagedUsers"]

_NUMBER_IN_EMAIL = re.compile(r"([0-9]{1,10})@")


class Link(NamedTuple):
    """
    A page where a managed user connects accounts.

    Attributes:
        url: Where the page is.

        expires_at: When the link lapses, in the service's spelling.
    """

    url: str
    expires_at: str


class ManagedUsers:
    """
    The users that the account manages.

    Args:
        seed: What the users follow from.

        users: How many there are to begin with.

        now: When the sandbox takes it to be.
    """

    def __init__(self, seed: int, users: int, now: datetime) -> None:
        self._seed = seed
        self._drawn = range(users)
        self._now = now
        self._created: dict[int, tuple[str, str]] = {}
        self._detached: set[int] = set()
        self._links: dict[int, Link] = {}
        self._serials = count()

    def index(self, text: str) -> int | None:
        """Give the index of the user with the id *text*, or ``None`` if it is not managed."""
        index = user_index(self._seed, text.lower())
        if index is None or index in self._detached:
            return None
        return index if index in self._drawn or index in self._created else None

    def id(self, index: int) -> str:
        """Give the id of the user at *index*."""
        return user_id(self._seed, index)

    def all(self) -> Iterator[Wire]:
        """Give each managed user in turn, as the service lists it."""
        for index in chain(self._drawn, tuple(self._created)):
            if index not in self._detached:
                yield self.shown(index)

    def shown(self, index: int) -> Wire:
        """Give the user at *index* as the service lists it."""
        who = person(self._seed, index)
        email, name = self._created.get(index, (who.email, who.name))
        link = self._link(index)
        return {
            "_id": self.id(index),
            "username": email,
            "displayName": name,
            "role": "managed",
            "dailyPostsLeft": Draw("posts", self._seed, index).below(26),
            "connectionsPageUrl": link and link.url,
            "connectionsPageTokenExpiresAt": link and link.expires_at,
        }

    def knows(self, email: str) -> bool:
        """Tell whether a user, managed or detached, has this *email*."""
        email = email.lower()
        if any(email == taken.lower() for taken, _ in self._created.values()):
            return True
        number = _NUMBER_IN_EMAIL.search(email)
        if number is None or int(number[1]) not in self._drawn:
            return False
        return person(self._seed, int(number[1])).email == email

    def create(self, email: str, name: str) -> int:
        """Add a user and give its index."""
        index = len(self._drawn) + len(self._created)
        self._created[index] = email, name
        return index

    def detach(self, index: int) -> None:
        """Manage the user at *index* no longer."""
        self._detached.add(index)

    def connect_link(self, index: int, days: int, *, rotate: bool) -> Link:
        """
        Give the user's link.

        Args:
            index: Which user.

            days: How long a new link lasts.

            rotate: Whether to make a new link where there is one already.
        """
        link = None if rotate else self._link(index)
        if link is None:
            draw = Draw("rotated", self._seed, index, next(self._serials))
            link = self._links[index] = self._new_link(draw, timedelta(days=days))
        return link

    def _link(self, index: int) -> Link | None:
        """Give the link there is: half of the users that were drawn begin with one."""
        if index in self._links:
            return self._links[index]
        draw = Draw("link", self._seed, index)
        if index in self._created or draw.below(2):
            return None
        return self._new_link(draw, timedelta(hours=1 + draw.below(90 * 24)))

    def _new_link(self, draw: Draw, lasts: timedelta) -> Link:
        token = draw.text("0123456789abcdef", 40)
        return Link(f"https://app.publora.com/connections/{token}", stamp(self._now + lasts))
