"""What a key or its owner may not do, where Publora says so with a 403."""

from enum import StrEnum

__all__ = ["PermissionReason"]


class PermissionReason(StrEnum):
    """The causes of a 403 that Publora documents."""

    API_ACCESS = "api_access"
    """The account may not use the API at all."""

    WORKSPACE_ACCESS = "workspace_access"
    """The key may not act for managed users at all."""

    NOT_MANAGED = "not_managed"
    """The key may act for managed users, but not for this one."""

    PLAN_LIMIT = "plan_limit"
    """A limit of the plan is reached, such as that on accounts; *details* says which."""

    MCP_ACCESS = "mcp_access"
    """The account may not use the API as an MCP client, for which something took the SDK."""

    @classmethod
    def of(cls, message: str, code: str | None = None) -> "PermissionReason | None":
        """
        Tell the cause of a 403.

        Args:
            message: The service's words.
            code: The service's code. ``None``: it sent none.

        Returns:
            Which of the documented causes it is. ``None`` for one that is not documented.
        """
        if code is not None and code.endswith(_PLAN_LIMITS):
            return cls.PLAN_LIMIT
        return _REASONS.get(message)

    @property
    def refuses_key(self) -> bool:
        """Whether the key lacks the access, rather than this one user being another's."""
        return self in _OF_THE_KEY

    @property
    def advice(self) -> str:
        """What to do about it."""
        return _ADVICE[self]


_REASONS = {
    "API access is not enabled for this account": PermissionReason.API_ACCESS,
    "API access is not enabled for this workspace owner": PermissionReason.API_ACCESS,
    "MCP access is not enabled for this account": PermissionReason.MCP_ACCESS,
    "Workspace access is not enabled for this key": PermissionReason.WORKSPACE_ACCESS,
    "User is not managed by key": PermissionReason.NOT_MANAGED,
}

_PLAN_LIMITS = ("_LIMIT_REACHED", "_OVER_LIMIT")
"""How the codes of such refusals end."""

_ADVICE = {
    PermissionReason.API_ACCESS: (
        "the account's plan or owner has to switch API access on at https://app.publora.com"
    ),
    PermissionReason.WORKSPACE_ACCESS: (
        "use a workspace key, or leave user_id out to ask about the key's own account"
    ),
    PermissionReason.NOT_MANAGED: (
        "the key is good, but this user is not in its workspace: check the user id"
    ),
    PermissionReason.PLAN_LIMIT: (
        "a limit of the plan is reached, see details: the key's owner can change the plan at "
        "https://app.publora.com"
    ),
    PermissionReason.MCP_ACCESS: (
        "nothing on the way may add the header x-publora-client to the SDK's requests"
    ),
}

_OF_THE_KEY = frozenset(
    {
        PermissionReason.API_ACCESS,
        PermissionReason.WORKSPACE_ACCESS,
        PermissionReason.MCP_ACCESS,
    }
)
