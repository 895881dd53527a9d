"""Errors form a tree, and say what happened and what to do."""

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
    PermissionReason,
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
        (TransportError("it broke", "connect", 3, "retries"), "it broke (after 3 attempts)"),
        (RequestTimeoutError("too late", "body", 2), "too late (after 2 attempts)"),
        (ServerError(502, "Bad Gateway"), "HTTP 502: Bad Gateway"),
        (ConflictError(409, "It exists", "email_exists"), "HTTP 409: It exists [email_exists]"),
        (
            ServerError(502, "Bad Gateway", "down", 5.0, 4, "retries", "<html>"),
            "HTTP 502: Bad Gateway [down] (the response begins: <html>) (after 4 attempts)",
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


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (NO_API, PermissionReason.API_ACCESS),
        (NO_WORKSPACE, PermissionReason.WORKSPACE_ACCESS),
        (NOT_MANAGED, PermissionReason.NOT_MANAGED),
        ("API access is not enabled for this workspace owner", PermissionReason.API_ACCESS),
        ("MCP access is not enabled for this account", PermissionReason.MCP_ACCESS),
        ("Forbidden", None),
    ],
)
def test_a_403_says_which_of_the_documented_causes_it_is(
    message: str, reason: PermissionReason | None
) -> None:
    assert PermissionDeniedError(403, message).reason == reason


def test_who_has_no_key_and_who_has_a_wrong_one_are_told_where_keys_come_from() -> None:
    with pytest.raises(ConfigurationError) as raised:
        AsyncPublora()
    for error in (raised.value, AuthenticationError(401, "Invalid API key")):
        assert "create a key at https://app.publora.com under API" in str(error)


@pytest.mark.parametrize("code", ["CHANNEL_LIMIT_REACHED", "CONNECTIONS_OVER_LIMIT"])
def test_a_plans_limit_is_not_the_keys_fault(code: str) -> None:
    error = PermissionDeniedError(403, "Too many accounts", code, details={"limit": 5})
    assert (error.reason, error.refuses_key) == (PermissionReason.PLAN_LIMIT, False)
    assert str(error) == (
        f"HTTP 403: Too many accounts [{code}]; a limit of the plan is reached, see details: the "
        "key's owner can change the plan at https://app.publora.com"
    )


def test_a_code_of_another_kind_leaves_it_to_the_words() -> None:
    error = PermissionDeniedError(403, "MCP access is not enabled for this account", "mcp_denied")
    assert (error.reason, error.refuses_key) == (PermissionReason.MCP_ACCESS, True)
