"""The connections of the account itself: one of everything that a client can meet."""

from datetime import timedelta

from attrs import evolve

from publora_async.sandbox._accounts import Account, plain
from publora_async.sandbox._people import Person

__all__ = ["OWN_ACCOUNTS", "SHOP"]

SHOP = Person("Juniper Lane Bakery", "juniperlanebakery", "hello@example.com")


def _shop(name: str) -> Account:
    return plain(name, SHOP, account_id="")


OWN_ACCOUNTS = (
    evolve(_shop("twitter"), tier="PremiumPlus", posted_ago=timedelta(hours=3)),
    evolve(
        _shop("twitter"),
        username="@juniperlanehelp",
        display_name="Juniper Lane Support",
        image_url=None,
        failure="Rate limit exceeded. Try again later.",
    ),
    evolve(
        _shop("linkedin"),
        left=timedelta(days=41, hours=6),
        posted_ago=timedelta(days=2),
    ),
    evolve(
        _shop("linkedin"),
        username="Amélie Besançon",
        display_name="Amélie Besançon",
        left=timedelta(days=-12),
        posted_ago=timedelta(days=13),
        failure="Access token has expired",
        failed_ago=timedelta(days=11),
    ),
    evolve(
        _shop("instagram"),
        left=timedelta(days=6, hours=3),
        posted_ago=timedelta(hours=27),
    ),
    evolve(
        _shop("instagram"),
        username="juniperlane_tokyo",
        display_name="ジュニパーレーン 東京",
        left=timedelta(days=7, hours=3),
    ),
    evolve(_shop("threads"), left=timedelta(hours=5, minutes=30)),
    evolve(_shop("tiktok"), left=timedelta(days=20), posted_ago=timedelta(days=5)),
    # Revoked, and the date does not show it: there is none here, a future one below.
    evolve(
        _shop("youtube"),
        revoked=True,
        posted_ago=timedelta(days=90),
        failure="The user has withdrawn access to the application",
        failed_ago=timedelta(days=4),
    ),
    evolve(
        _shop("facebook"),
        left=timedelta(days=52, hours=9),
        revoked=True,
        posted_ago=timedelta(days=9),
        failure="The user has withdrawn access to the application",
        failed_ago=timedelta(days=8),
    ),
    evolve(_shop("bluesky"), posted_ago=timedelta(minutes=45)),
    evolve(_shop("mastodon"), display_name=None),
    evolve(_shop("telegram"), posted_ago=timedelta(hours=8)),
    evolve(
        _shop("telegram"),
        username=None,
        display_name="Juniper Lane Stammgäste 🥐",
        image_url=None,
        profile_url=None,
    ),
    evolve(_shop("pinterest"), left=timedelta(minutes=25)),
)
