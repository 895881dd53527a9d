"""The accounts that a sandbox has at first, for a seed: its own and its managed users'."""

from datetime import timedelta

from attrs import evolve

from publora_async.sandbox._accounts import Account, healthy_account
from publora_async.sandbox._people import Person, person
from publora_async.sandbox._platforms import PLATFORMS, traits
from publora_async.sandbox._seeded_random import SeededRandom

__all__ = ["Owner", "initial_accounts", "new_account"]

Owner = int | None
"""Whose accounts: a managed user's index, or ``None`` for the sandbox's own."""

_NAMES = tuple(PLATFORMS)
_TOKEN_STATES = ("expired", "revoked", "soon", "soon", *("valid",) * 12)
_TOKEN_FAILURES = {
    "expired": "Access token has expired",
    "revoked": "The user has withdrawn access to the application",
}
_POST_FAILURES = (None, None, None, "Media could not be processed: unsupported aspect ratio")
# Such a Telegram account publishes, and no test can tell that it does.
_BY_PERSON = "Invalid bot connection"
_X_SUBSCRIPTIONS = (None, None, "Premium", "PremiumPlus")

_SHOP = Person("Juniper Lane Bakery", "juniperlanebakery", "hello@example.com")


def _shop(name: str) -> Account:
    return healthy_account(name, _SHOP, account_id="")


_OWN_ACCOUNTS = (
    evolve(_shop("twitter"), subscription="PremiumPlus", posted_ago=timedelta(hours=3)),
    evolve(
        _shop("twitter"),
        username="@juniperlanehelp",
        display_name="Juniper Lane Support",
        image_url=None,
        failure="Rate limit exceeded. Try again later.",
    ),
    evolve(
        _shop("linkedin"),
        token_left=timedelta(days=41, hours=6, minutes=30),
        posted_ago=timedelta(days=2),
    ),
    evolve(
        _shop("linkedin"),
        username="Amélie Besançon",
        display_name="Amélie Besançon",
        token_left=timedelta(days=-12),
        posted_ago=timedelta(days=13),
        failure="Access token has expired",
        failed_ago=timedelta(days=11),
    ),
    evolve(
        _shop("instagram"),
        token_left=timedelta(days=6, hours=3, minutes=30),
        posted_ago=timedelta(hours=27),
    ),
    evolve(
        _shop("instagram"),
        username="juniperlane_tokyo",
        display_name="ジュニパーレーン 東京",
        token_left=timedelta(days=7, hours=3, minutes=30),
        revoked=True,
        posted_ago=timedelta(days=9),
        failure="The user has withdrawn access to the application",
        failed_ago=timedelta(days=8),
    ),
    evolve(_shop("threads"), token_left=timedelta(hours=5, minutes=30)),
    evolve(
        _shop("tiktok"), token_left=timedelta(days=20, minutes=30), posted_ago=timedelta(days=5)
    ),
    # Revoked, and no date shows it: there is none here, and a future one above.
    evolve(
        _shop("youtube"),
        revoked=True,
        posted_ago=timedelta(days=90),
        failure="The user has withdrawn access to the application",
        failed_ago=timedelta(days=4),
    ),
    evolve(_shop("facebook"), posted_ago=timedelta(days=9)),
    evolve(_shop("bluesky"), username=None, posted_ago=timedelta(minutes=45)),
    evolve(_shop("mastodon"), display_name=None),
    evolve(_shop("telegram"), posted_ago=timedelta(hours=8)),
    evolve(
        _shop("telegram"),
        username=None,
        display_name="Juniper Lane Stammgäste 🥐",
        test_error=_BY_PERSON,
        image_url=None,
        profile_url=None,
    ),
    evolve(_shop("pinterest"), token_left=timedelta(minutes=25)),
)


def initial_accounts(seed: int, owner: Owner) -> list[Account]:
    """Make the accounts that *owner* has at first: of a managed user 0 to 6."""
    if owner is None:
        return [
            evolve(account, account_id=_account_id(seed, None, at, account.platform))
            for at, account in enumerate(_OWN_ACCOUNTS)
        ]
    who = person(seed, owner)
    random = SeededRandom("platforms", seed, owner)
    # The number of platforms is prime, so any stride meets each of them once.
    start, stride = random.below(len(_NAMES)), 1 + random.below(len(_NAMES) - 1)
    found = []
    # Of any seven users in a row each has another number of accounts, and one has none.
    for at in range((owner * 3 + 3) % 7):
        name = _NAMES[(start + at * stride) % len(_NAMES)]
        account = healthy_account(name, who, _account_id(seed, owner, at, name))
        found.append(_with_history(account, SeededRandom("life", seed, owner, at)))
    return found


def new_account(seed: int, owner: Owner, position: int, name: str) -> Account:
    """Make another account of *owner* on the platform *name*; no *position* may come twice."""
    who = _SHOP if owner is None else person(seed, owner)
    return healthy_account(name, who, _account_id(seed, owner, position, name))


def _account_id(seed: int, owner: Owner, position: int, name: str) -> str:
    place = 0 if owner is None else owner + 1
    return traits(name).account_id(
        SeededRandom("account", seed, owner, position),
        unique=seed * 999_983 + place * 128 + position,
    )


def _with_history(account: Account, random: SeededRandom) -> Account:
    """Give *account* a history, and a token in any of the states that there are."""
    platform = PLATFORMS[account.platform]
    state = random.pick(_TOKEN_STATES)
    if platform.lasting:
        state = "valid"
    elif state == "expired" and platform.token_days is None:
        state = "revoked"
    token_left = None
    if platform.token_days is not None:
        token_left = _token_left(random, state, platform.soon_days, platform.token_days)
    over = -token_left if token_left is not None and state == "expired" else timedelta()
    failed_ago = over / 2 or timedelta(hours=1 + random.below(72))
    posted_ago = over + failed_ago + timedelta(hours=random.below(500))
    private = platform.name in {"telegram", "bluesky"} and random.below(3) == 0
    return evolve(
        account,
        username=None if private else account.username,
        profile_url=None if private else account.profile_url,
        image_url=random.pick((None, *(account.image_url,) * 7)),
        token_left=token_left,
        revoked=state == "revoked",
        posted_ago=random.pick((None, posted_ago, posted_ago)),
        failure=_TOKEN_FAILURES.get(state) or random.pick(_POST_FAILURES),
        failed_ago=failed_ago,
        test_error=_BY_PERSON if private and platform.name == "telegram" else None,
        subscription=random.pick(_X_SUBSCRIPTIONS) if platform.name == "twitter" else None,
    )


def _token_left(random: SeededRandom, state: str, soon_days: int, token_days: int) -> timedelta:
    """Draw how long a token in this *state* still lasts."""
    if state == "expired":
        return timedelta(hours=-1 - random.below(24 * 60))
    first, last = (0, soon_days) if state == "soon" else (soon_days, token_days)
    return timedelta(hours=24 * first + random.below(24 * (last - first)), minutes=30)
