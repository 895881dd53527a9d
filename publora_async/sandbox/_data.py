"""Which accounts are connected to whom, from a seed alone."""

from datetime import timedelta

from attrs import evolve

from publora_async.sandbox._accounts import Account, plain
from publora_async.sandbox._draw import Draw
from publora_async.sandbox._own import OWN_ACCOUNTS, SHOP
from publora_async.sandbox._people import person
from publora_async.sandbox._platforms import PLATFORMS

__all__ = ["Owner", "accounts", "new_account", "renewed"]

Owner = int | None
"""Whose connections: a managed user's index, or ``None`` for the account itself."""

_NAMES = tuple(PLATFORMS)
_FATES = ("expired", "revoked", "soon", "soon", *("valid",) * 12)
_REASONS = {
    "expired": "Access token has expired",
    "revoked": "The user has withdrawn access to the application",
}
_MISHAPS = (None, None, None, "Media could not be processed: unsupported aspect ratio")
_TIERS = (None, None, "Premium", "PremiumPlus")


def accounts(seed: int, owner: Owner) -> list[Account]:
    """Give the accounts that *owner* starts with: a managed user has 0 to 6."""
    if owner is None:
        return [
            evolve(account, account_id=_account_id(seed, None, at, account.platform))
            for at, account in enumerate(OWN_ACCOUNTS)
        ]
    who = person(seed, owner)
    draw = Draw("platforms", seed, owner)
    # The number of platforms is prime, so any stride meets each of them once.
    start, stride = draw.below(len(_NAMES)), 1 + draw.below(len(_NAMES) - 1)
    found = []
    # Of any seven users in a row each has another number of accounts, and one has none.
    for at in range((owner * 3 + seed) % 7):
        name = _NAMES[(start + at * stride) % len(_NAMES)]
        account = plain(name, who, _account_id(seed, owner, at, name))
        found.append(_lived(account, Draw("life", seed, owner, at)))
    return found


def new_account(seed: int, owner: Owner, position: int, name: str) -> Account:
    """Give another account of *owner* on the platform *name*, at a *position* not yet taken."""
    who = SHOP if owner is None else person(seed, owner)
    return plain(name, who, _account_id(seed, owner, position, name))


def renewed(account: Account) -> Account:
    """Give *account* with a token made now, and nothing wrong."""
    days = PLATFORMS[account.platform].lifetime
    left = None if days is None else timedelta(days=days)
    return evolve(account, left=left, revoked=False, failure=None)


def _account_id(seed: int, owner: Owner, position: int, name: str) -> str:
    place = 0 if owner is None else owner + 1
    return PLATFORMS[name].account_id(
        Draw("account", seed, owner, position), unique=seed * 999_983 + place * 128 + position
    )


def _lived(account: Account, draw: Draw) -> Account:
    """Give *account* as time has left it: its token in any of the states there are."""
    platform = PLATFORMS[account.platform]
    fate = draw.pick(_FATES)
    if fate == "expired" and platform.lifetime is None:
        fate = "revoked"
    left = None
    if platform.lifetime is not None:
        left = _left(draw, fate, platform.soon, platform.lifetime)
    over = -left if left is not None and fate == "expired" else timedelta()
    failed_ago = over / 2 or timedelta(hours=1 + draw.below(72))
    posted_ago = over + failed_ago + timedelta(hours=draw.below(500))
    private = platform.name == "telegram" and draw.below(3) == 0
    return evolve(
        account,
        username=None if private else account.username,
        profile_url=None if private else account.profile_url,
        image_url=draw.pick((None, *(account.image_url,) * 7)),
        left=left,
        revoked=fate == "revoked",
        posted_ago=draw.pick((None, posted_ago, posted_ago)),
        failure=_REASONS.get(fate) or draw.pick(_MISHAPS),
        failed_ago=failed_ago,
        tier=draw.pick(_TIERS) if platform.name == "twitter" else None,
    )


def _left(draw: Draw, fate: str, soon: int, lifetime: int) -> timedelta:
    """Draw how long a token of this *fate* still lasts."""
    if fate == "expired":
        return timedelta(hours=-1 - draw.below(24 * 60))
    first, last = (0, soon) if fate == "soon" else (soon, lifetime)
    return timedelta(hours=24 * first + draw.below(24 * (last - first)), minutes=30)
