"""What the service does for each documented call, without any I/O."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from publora_async.sandbox._accounts import JsonObject
from publora_async.sandbox._connections import AccountBook
from publora_async.sandbox._data import Owner
from publora_async.sandbox._keys import Caller, Keys
from publora_async.sandbox._routes import Refusal, Reply, Route, encode, error_reply
from publora_async.sandbox._users import UserBook

__all__ = ["Service", "ServiceRequest"]

_MAX_DAYS = 3650
_LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PLATFORM_ID = re.compile(r"[a-z0-9]+-[^\s/?#\x00-\x1f\x7f]+")
_USER_ID = re.compile(r"[0-9a-fA-F]{24}")
_USERS_PER_PIECE = 100


class ServiceRequest(NamedTuple):
    """
    A request, with what matters to the service.

    Attributes:
        route: The call that it makes.

        key: The API key in its header. ``None`` means there is no such header.

        user_id: The managed user in its header. ``None`` means there is no such header, and
            the request is about the key's own account.

        body: The body of a POST; empty for other methods.
    """

    route: Route
    key: str | None
    user_id: str | None
    body: bytes


class Service:
    """
    Makes the reply to each request.

    Args:
        keys: Knows whose key a request has.

        users: Knows the managed users.

        connections: Knows the connected accounts.
    """

    def __init__(self, keys: Keys, users: UserBook, connections: AccountBook) -> None:
        self._keys = keys
        self._users = users
        self._connections = connections
        self._calls = {
            "GET /platform-connections": self._list_connections,
            "POST /test-connection/{platformId}": self._test_connection,
            "GET /workspace/users": self._list_users,
            "POST /workspace/users": self._create_user,
            "DELETE /workspace/users/{id}": self._detach_user,
            "POST /workspace/users/{id}/connection-url": self._create_link,
            "POST /workspace/users/{id}/api-key": self._create_key,
        }

    def reply(self, request: ServiceRequest) -> Reply:
        """Make the reply to *request*, which may be an error."""
        handler = self._calls.get(request.route.name)
        if handler is None:
            return error_reply(404, "Not found")
        try:
            return handler(request, self._keys.admit(request.key))
        except Refusal as refusal:
            return refusal.reply

    def _list_connections(self, request: ServiceRequest, caller: Caller) -> Reply:
        return Reply(200, self._connections.listing(self._owner(request, caller)))

    def _test_connection(self, request: ServiceRequest, caller: Caller) -> Reply:
        owner = self._owner(request, caller)
        if not _PLATFORM_ID.fullmatch(request.route.parameter):
            raise Refusal(400, "Invalid platformId format")
        body = self._connections.test(owner, request.route.parameter)
        if body is None:
            raise Refusal(404, "Connection not found")
        return Reply(200, body)

    def _list_users(self, _: ServiceRequest, caller: Caller) -> Reply:
        _need_workspace(caller)
        return Reply(200, _user_list_pieces(self._users.listing()))

    def _create_user(self, request: ServiceRequest, caller: Caller) -> Reply:
        _need_workspace(caller)
        fields = _json_object(request.body)
        email, name = fields.get("username"), fields.get("displayName")
        if not isinstance(email, str) or len(email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(email):
            raise Refusal(400, "username must be an email address")
        if not isinstance(name, str | None):
            raise Refusal(400, "displayName must be text")
        if self._users.has_email(email):
            raise Refusal(409, "A user with this email already exists", "email_exists")
        index = self._users.create(email, name or email.partition("@")[0])
        return Reply(201, encode({"user": self._users.listing_entry(index)}))

    def _detach_user(self, request: ServiceRequest, caller: Caller) -> Reply:
        self._users.detach(self._user(request, caller))
        return Reply(200, encode({"success": True}))

    def _create_link(self, request: ServiceRequest, caller: Caller) -> Reply:
        index = self._user(request, caller)
        fields = _json_object(request.body)
        days, rotate = fields.get("expiresInDays", 90), fields.get("rotate", False)
        if type(days) is not int or not 1 <= days <= _MAX_DAYS:
            raise Refusal(400, f"expiresInDays must be a whole number from 1 to {_MAX_DAYS}")
        if not isinstance(rotate, bool):
            raise Refusal(400, "rotate must be true or false")
        link = self._users.connect_link(index, days, rotate=rotate)
        return Reply(200, encode({"url": link.url, "tokenExpiresAt": link.expires_at}))

    def _create_key(self, request: ServiceRequest, caller: Caller) -> Reply:
        index = self._user(request, caller)
        issued = {
            "message": "API key created. Store it now: it is not shown again.",
            "apiKey": self._keys.issue(index),
            "userId": self._users.id(index),
        }
        return Reply(200, encode(issued))

    def _owner(self, request: ServiceRequest, caller: Caller) -> Owner:
        """Tell whose connections *request* is about."""
        if request.user_id is None:
            return caller.owner
        _need_workspace(caller)
        if not _USER_ID.fullmatch(request.user_id):
            raise Refusal(400, "Invalid x-publora-user-id")
        index = self._users.index(request.user_id)
        if index is None:
            raise Refusal(403, "User is not managed by key")
        return index

    def _user(self, request: ServiceRequest, caller: Caller) -> int:
        """Find the managed user in the path of *request*."""
        _need_workspace(caller)
        index = self._users.index(request.route.parameter)
        if index is None:
            raise Refusal(404, "User not found or not managed by this key")
        return index


def _need_workspace(caller: Caller) -> None:
    if not caller.workspace:
        raise Refusal(403, "Workspace access is not enabled for this key")


def _json_object(body: bytes) -> JsonObject:
    """Decode *body*; an empty one counts as an empty object."""
    try:
        data = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise Refusal(400, "Request body must be a JSON object")
    return data


def _user_list_pieces(users: Iterator[JsonObject]) -> Iterator[bytes]:
    """Give the body that lists *users* in pieces of a hundred, so that no length fills memory."""
    lead = b'{"users":['
    while some := list(islice(users, _USERS_PER_PIECE)):
        yield lead + b",".join(map(encode, some))
        lead = b","
    yield b"]}" if lead == b"," else lead + b"]}"
