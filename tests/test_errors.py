"""Errors form a tree, and say what happened and what to do."""

import copy
import inspect
import re

import pytest

import publora_async
from publora_async import AsyncPublora, errors
from publora_async.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    PubloraError,
    RateLimitError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    TransportError,
)

REFUSALS = [
    *(APIStatusError, BadRequestError, AuthenticationError, PermissionDeniedError),
    *(NotFoundError, ConflictError, RateLimitError, ServerError),
]


def test_the_tree_in_the_docstring_shows_every_error_and_the_package_offers_it() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, PubloraError)
    }
    builtin = {"ValueError", "RuntimeError", "TimeoutError"}
    drawn = re.findall(r"\w+Error\b", errors.__doc__ or "")
    assert sorted(drawn) == sorted(defined | builtin)
    assert defined <= set(publora_async.__all__)


@pytest.mark.parametrize(
    ("kind", "bases"),
    [
        (PubloraError, (Exception,)),
        (ConfigurationError, (PubloraError, ValueError)),
        (ClientStateError, (PubloraError, RuntimeError)),
        (TransportError, (PubloraError,)),
        (RequestTimeoutError, (TransportError, TimeoutError)),
        (APIStatusError, (PubloraError,)),
        *((kind, (APIStatusError,)) for kind in REFUSALS[1:]),
        (ResponseDecodeError, (PubloraError,)),
    ],
)
def test_errors_form_a_tree_and_are_python_s_own_kinds_too(
    kind: type[PubloraError], bases: tuple[type[Exception], ...]
) -> None:
    assert tuple(base for base in kind.__bases__ if issubclass(base, Exception)) == bases


KEY_ADVICE = "create a key at https://app.publora.com under API and set PUBLORA_API_KEY"
NO_API = "API access is not enabled for this account"
NO_WORKSPACE = "Workspace access is not enabled for this key"
NOT_MANAGED = "User is not managed by key"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PubloraError("it broke"), "it broke"),
        (TransportError("it broke"), "it broke"),
        (TransportError("it broke", "connect", 3, "retries"), "it broke, after 3 attempts"),
        (RequestTimeoutError("too late", "body", 2), "too late, after 2 attempts"),
        (ServerError(502, "Bad Gateway"), "HTTP 502: Bad Gateway"),
        (ConflictError(409, "It exists", "email_exists"), "HTTP 409: It exists [email_exists]"),
        (
            ServerError(502, "Bad Gateway", "down", 5.0, 4, "retries", "<html>"),
            "HTTP 502: Bad Gateway [down] (the response begins: <html>), after 4 attempts",
        ),
        (
            AuthenticationError(401, "Invalid API key"),
            f"HTTP 401: Invalid API key; {KEY_ADVICE}",
        ),
        (
            PermissionDeniedError(403, NO_API),
            (
                f"HTTP 403: {NO_API}; the account's plan or owner has to switch API access on at "
                "https://app.publora.com"
            ),
        ),
        (
            PermissionDeniedError(403, NO_WORKSPACE),
            (
                f"HTTP 403: {NO_WORKSPACE}; use a workspace key, or leave user_id out to ask about "
                "the key's own account"
            ),
        ),
        (
            PermissionDeniedError(403, NOT_MANAGED),
            (
                f"HTTP 403: {NOT_MANAGED}; the key is good, but this user is not in its workspace: "
                "check the user id"
            ),
        ),
        (PermissionDeniedError(403, "Forbidden"), "HTTP 403: Forbidden"),
        (ResponseDecodeError("no sense", "connections[0]", ("one",)), "no sense"),
    ],
)
def test_an_error_says_what_happened_and_what_to_do(error: PubloraError, text: str) -> None:
    assert str(error) == text


def test_who_has_no_key_and_who_has_a_wrong_one_are_told_where_keys_come_from() -> None:
    with pytest.raises(ConfigurationError) as raised:
        AsyncPublora()
    for error in (raised.value, AuthenticationError(401, "Invalid API key")):
        assert "create a key at https://app.publora.com under API" in str(error)


REQUESTS = [
    ("POST", "/test-connection/x-1", None, "POST /test-connection/x-1"),
    ("GET", "/platform-connections", "6626", "GET /platform-connections for user 6626"),
]


@pytest.mark.parametrize(("method", "path", "user_id", "request_said"), REQUESTS)
@pytest.mark.parametrize(
    "error",
    [
        TransportError("it broke", "connect", 3, "retries"),
        ServerError(503, "Down", attempts=4),
        AuthenticationError(401, "Invalid API key"),
        ResponseDecodeError("no sense"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_a_call_names_its_request_at_the_end_and_not_in_its_summary(
    error: TransportError | APIStatusError | ResponseDecodeError,
    method: str,
    path: str,
    user_id: str | None,
    request_said: str,
) -> None:
    named = copy.copy(error)
    named.method, named.request_path, named.user_id = method, path, user_id
    assert named.summary == error.summary == str(error)
    assert str(named) == f"{error.summary} ({request_said})"


@pytest.mark.parametrize(
    ("method", "path", "advice"),
    [
        ("GET", "/platform-connections", "Publora always has this list: check base_url"),
        ("GET", "/workspace/users", "Publora always has this list: check base_url"),
        ("POST", "/workspace/users", None),
        ("POST", "/test-connection/x-1", None),
        (None, None, None),
    ],
)
def test_a_list_that_is_not_found_is_a_wrong_base_url(
    method: str | None, path: str | None, advice: str | None
) -> None:
    error = NotFoundError(404, "Not Found")
    error.method, error.request_path = method, path
    assert error.advice == advice
    assert error.summary == "HTTP 404: Not Found" + (f"; {advice}" if advice else "")
