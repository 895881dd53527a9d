"""Bodies of answers, made up in the shape of Publora's documentation."""

import json

__all__ = ["CONTRACT", "TODAY", "body"]

CONTRACT = "the contract's 5 fields"
TODAY = "today's 11 fields"

_PLATFORMS = ("twitter", "linkedin", "instagram", "tiktok", "telegram-")
_ERROR = {"message": "The video is too long", "occurredAt": "2026-09-29T07:30:00.001Z"}
_STATUSES = ("valid", "valid", "expiring_soon", "expired", "unknown")


def body(accounts: int, fields: str = TODAY) -> bytes:
    """Write an answer of so many accounts, as the service would, without spaces."""
    listed = [_account(number, fields) for number in range(accounts)]
    document = {"success": True, "connections": listed}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _account(number: int, fields: str) -> dict[str, object]:
    kind = number % len(_PLATFORMS)
    platform, handle = _PLATFORMS[kind], f"junipers{number:04}"
    known: dict[str, object] = {
        "platformId": f"{platform}-{17841412345678 + number}",
        "username": None if platform == "telegram-" else f"@{handle}",
        "displayName": f"Juniper Café {number}",
        "profileImageUrl": f"https://images.example/profile_images/{178414 + number}/{handle}.jpg",
        "accessTokenExpiresAt": f"2027-05-{number % 28 + 1:02}T10:30:00.000Z" if kind else None,
    }
    if fields == CONTRACT:
        return known
    return known | {
        "profileUrl": f"https://{platform}.example/{handle}",
        "tokenStatus": _STATUSES[kind],
        "tokenExpiresIn": f"{number % 60}d 3h" if kind else None,
        "lastSuccessfulPost": f"2026-10-{number % 28 + 1:02}T09:15:00.250Z" if kind % 2 else None,
        "lastError": _ERROR if kind == 3 else None,
        "subscriptionType": "PremiumPlus" if platform == "twitter" else None,
    }
