"""A 403 is told apart by the service's words and codes."""

import pytest

from publora_async import PermissionDeniedError, PermissionReason

NO_API = "API access is not enabled for this account"
NO_WORKSPACE = "Workspace access is not enabled for this key"
NOT_MANAGED = "User is not managed by key"


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
