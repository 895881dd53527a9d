"""The platforms, and how the accounts of each differ from those of the others."""

import string

import attrs

from publora_async.sandbox._seeded_random import SeededRandom

__all__ = ["PLATFORMS", "PlatformTraits", "traits"]

_BASE32 = string.ascii_lowercase + "234567"
_BASE62 = string.ascii_letters + string.digits
_BASE64 = _BASE62 + "-_"
_CHANNELS = 9 * 10**9


@attrs.frozen(kw_only=True)
class PlatformTraits:
    """
    What the accounts of one platform have in common.

    Attributes:
        name: The platform's name, with which its platform ids begin.

        username: Template of a username, from a person's ``handle`` or ``name``.

        id_prefix: What every account id begins with.

        id_alphabet: The characters of the rest of an account id.

        id_length: How many characters the rest has.

        token_days: Days that a new token lasts. ``None`` means its tokens have no date.

        lasting: Whether its tokens do not expire, as Publora sees it.

        soon_days: A token that lasts fewer days counts as expiring soon.

        testable: Whether a live test can check its connections.

        permissions: What a working connection may do.
    """

    name: str
    username: str = "{handle}"
    id_prefix: str = ""
    id_alphabet: str = string.digits
    id_length: int
    token_days: int | None = None
    lasting: bool = False
    soon_days: int = 7
    testable: bool = True
    permissions: tuple[str, ...]

    def account_id(self, random: SeededRandom, unique: int) -> str:
        """
        Make the part of a platform id after its first hyphen.

        Args:
            random: Gives its characters.

            unique: A number that no other account of the sandbox has.
        """
        if self.name == "telegram":
            # Ten digits are too few to draw blindly: among a million users some would
            # meet. The factor is prime to the span, so different numbers stay different.
            return f"{self.id_prefix}{10**9 + unique * 2_654_435_761 % _CHANNELS}"
        return self.id_prefix + random.text(self.id_alphabet, self.id_length)


PLATFORMS = {
    platform.name: platform
    for platform in (
        PlatformTraits(
            name="twitter",
            username="@{handle}",
            id_prefix="1",
            id_length=18,
            lasting=True,
            permissions=("tweet.read", "tweet.write", "users.read", "media.write"),
        ),
        PlatformTraits(
            name="linkedin",
            username="{name}",
            id_alphabet=_BASE62,
            id_length=10,
            token_days=60,
            permissions=("openid", "profile", "w_member_social"),
        ),
        PlatformTraits(
            name="instagram",
            id_prefix="1784",
            id_length=13,
            token_days=60,
            permissions=("instagram_business_basic", "instagram_business_content_publish"),
        ),
        PlatformTraits(
            name="threads",
            id_prefix="1784",
            id_length=13,
            token_days=60,
            permissions=("threads_basic", "threads_content_publish"),
        ),
        PlatformTraits(
            name="tiktok",
            username="@{handle}",
            id_prefix="7",
            id_length=18,
            token_days=365,
            soon_days=30,
            permissions=("user.info.basic", "video.publish", "video.upload"),
        ),
        PlatformTraits(
            name="youtube",
            username="@{handle}",
            id_prefix="UC",
            id_alphabet=_BASE64,
            id_length=22,
            permissions=("youtube.readonly", "youtube.upload"),
        ),
        PlatformTraits(
            name="facebook",
            username="{name}",
            id_prefix="1",
            id_length=14,
            lasting=True,
            permissions=("pages_manage_posts", "pages_read_engagement", "pages_show_list"),
        ),
        PlatformTraits(
            name="bluesky",
            username="{handle}.example.com",
            id_prefix="did:plc:",
            id_alphabet=_BASE32,
            id_length=24,
            permissions=("atproto",),
        ),
        PlatformTraits(
            name="mastodon",
            username="@{handle}@social.example",
            id_prefix="1",
            id_length=17,
            lasting=True,
            permissions=("read:accounts", "write:media", "write:statuses"),
        ),
        PlatformTraits(
            name="telegram",
            username="@{handle}",
            id_prefix="-100",
            id_length=10,
            permissions=("can_post_messages",),
        ),
        # Not one of the documented ten: it can be connected, but not posted to.
        PlatformTraits(
            name="pinterest",
            id_prefix="5",
            id_length=17,
            token_days=60,
            testable=False,
            permissions=("boards:read", "pins:read"),
        ),
    )
}


_OTHERS = PlatformTraits(name="", id_length=18, testable=False, permissions=())


def traits(name: str) -> PlatformTraits:
    """Give what the accounts of the platform *name* have in common, also of an unheard-of one."""
    return PLATFORMS.get(name, _OTHERS)
