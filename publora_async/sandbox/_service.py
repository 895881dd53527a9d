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
from publora_async.sandbox._users import (
    UserBook,
    email_exists,
    is_email,
    is_user_id,
)

__all__ = ["Service", "ServiceRequest"]

_PLATFORM_ID = re.compile(r"[a-z0-9]+-[^\s/?#\x00-\x1f\x7f]+")
_USERS_PER_PIECE = 100
_NOT_ATTACHED = {
    "subscribed": "user_has_active_subscription",
    "inactive": "user_inactive",
    "elsewhere": "user_in_another_workspace",
    "owner": "user_is_workspace_owner",
}


class ServiceRequest(NamedTuple):
    """
    A request, with what matters to the service.

    Attributes:
        route: The call that it makes.

        key: The API key in its header. ``None`` means there is no such header.

        user_id: The managed user in its header. ``None`` means there is no such header, and
            the request is about the key's own account.

        body: The body of a POST; empty for other methods.

        user_token: A user's consent, in its header. ``None`` means there is no such header.

        client: What program it says that it comes from. ``None`` means that it does not say.
    """

    route: Route
    key: str | None
    user_id: str | None
    body: bytes
    user_token: str | None = None
    client: str | None = None


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
            "POST /workspace/users/attach": self._attach_user,
            "DELETE /workspace/users/{id}": self._detach_user,
            "POST /workspace/users/{id}/connection-url": self._create_link,
            "POST /workspace/users/{id}/api-key": self._create_key,
        }

    def reply(self, request: ServiceRequest) -> Reply:
        """Make the reply to *request*, which may be an error."""
        handler = self._calls.get(request.route.name)
        if handler is None:
            return error_reply(404, f"the sandbox has no {request.route.parameter}")
        try:
            caller = self._keys.admit(request.key)
            _need_other_client(request)
            return handler(request, caller)
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
        if not isinstance(email, str) or not email:
            raise Refusal(400, "Email is required")
        if not is_email(email):
            raise Refusal(400, "Invalid email")
        if not isinstance(name, str | None):
            raise Refusal(400, "displayName must be text")
        taken = self._users.find_email(email)
        if taken is not None:
            raise email_exists(self._users, taken)
        index = self._users.create(email, name or email)
        return Reply(201, encode({"user": self._users.listing_entry(index)}))

    def _attach_user(self, request: ServiceRequest, caller: Caller) -> Reply:
        _need_workspace(caller)
        fields = _json_object(request.body)
        index = _attached(self._users, fields)
        already = self._users.standing(index) == "managed"
        if not already:
            token = fields.get("userAccessToken") or fields.get("attachToken")
            _check_consent(self._users, index, token or request.user_token)
            self._users.set_standing(index, "managed")
        user = self._users.listing_entry(index)
        return Reply(200, encode({"user": user, "alreadyInWorkspace": already}))

    def _detach_user(self, request: ServiceRequest, caller: Caller) -> Reply:
        self._users.set_standing(self._user(request, caller), "standalone")
        return Reply(200, encode({"success": True}))

    def _create_link(self, request: ServiceRequest, caller: Caller) -> Reply:
        index = self._user(request, caller)
        fields = _json_object(request.body)
        days, rotate = fields.get("expiresInDays", 90), fields.get("rotate", False)
        if isinstance(days, bool) or not isinstance(days, int | float) or not days > 0:
            raise Refusal(400, "expiresInDays must be a positive number")
        if not isinstance(rotate, bool):
            raise Refusal(400, "rotate must be true or false")
        link = self._users.connect_link(index, days, rotate=rotate)
        return Reply(200, encode({"url": link.url, "tokenExpiresAt": link.expires_at}))

    def _create_key(self, request: ServiceRequest, caller: Caller) -> Reply:
        index = self._user(request, caller)
        if not caller.makes_keys:
            raise Refusal(403, "API access is not enabled for this workspace owner")
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
        if not is_user_id(request.user_id):
            raise Refusal(400, "Invalid x-publora-user-id")
        index = self._users.index(request.user_id)
        if index is None:
            raise Refusal(403, "User is not managed by key")
        return index

    def _user(self, request: ServiceRequest, caller: Caller) -> int:
        """Find the managed user in the path of *request*."""
        _need_workspace(caller)
        if not is_user_id(request.route.parameter):
            raise Refusal(400, "Invalid userId")
        index = self._users.index(request.route.parameter)
        if index is None:
            raise Refusal(404, "User not found or not managed by this key")
        return index


def _need_other_client(request: ServiceRequest) -> None:
    if request.client == "mcp":
        raise Refusal(403, "MCP access is not enabled for this account")


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


def _attached(users: UserBook, fields: JsonObject) -> int:
    """
    Find whom *fields* want to attach.

    Raises:
        Refusal: It cannot be told who that is, or the user can be attached to no workspace.
    """
    email, user_id = fields.get("email"), fields.get("userId")
    if email is None and user_id is None:
        raise Refusal(400, "email or userId is required", "missing_identifier")
    if user_id is not None and not is_user_id(user_id):
        raise Refusal(400, "Invalid userId", "invalid_user_id")
    if email is not None and not is_email(email):
        raise Refusal(400, "Invalid email", "invalid_email")
    found = {users.find_id(str(user_id))} if user_id is not None else set()
    found |= {users.find_email(str(email))} if email is not None else set()
    if len(found) == 2:
        raise Refusal(400, "email and userId are not of the same user", "identifier_mismatch")
    index = found.pop()
    if index is None:
        raise Refusal(404, "User not found", "user_not_found")
    if index == users.owner:
        raise Refusal(409, "The workspace's own account cannot be attached", "cannot_attach_self")
    code = _NOT_ATTACHED.get(users.standing(index))
    if code is not None:
        raise Refusal(409, "User cannot be attached to this workspace", code)
    return index


def _check_consent(users: UserBook, index: int, token: object) -> None:
    """
    Take *token* as the consent of the user at *index*.

    Raises:
        Refusal: It is none, or another user's.
    """
    if not token:
        raise Refusal(403, "The user's consent is required", "attach_consent_required")
    of = users.find_id(str(token).partition(".")[0])
    if of is None or token != users.access_token(of):
        raise Refusal(403, "The user's consent is not valid", "invalid_attach_consent")
    if of != index:
        raise Refusal(403, "The consent is of another user", "attach_consent_mismatch")
