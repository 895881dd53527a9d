"""What tells one platform's accounts from another's."""

import string

import attrs

from publora_async.sandbox._seeded_random import SeededRandom

__all__ = ["PLATFORMS", "PlatformTraits"]

_BASE32 = string.ascii_lowercase + "234567"
_BASE62 = string.ascii_letters + string.digits
_BASE64 = _BASE62 + "-_"
_CHANNELS = 9 * 10**9


@attrs.frozen(kw_only=True)
class PlatformTraits:
    """
    One platform, as far as its connections differ from the others'.

    Attributes:
        name: What platform ids begin with.

        username: How a handle is spelled as a username.

        lead: What every account id begins with.

        alphabet: The characters of the rest of an account id.

        length: How many characters the rest has.

        lifetime: Days that a new token lasts. ``None`` means its tokens carry no date.

        soon: Days before the end from which a token counts as expiring soon.

        undated: The status of a token that carries no date.

        permissions: What a healthy connection may do.
    """

    name: str
    username: str = "{handle}"
    lead: str = ""
    alphabet: str = string.digits
    length: int
    lifetime: int | None = None
    soon: int = 7
    undated: str = "valid"
    permissions: tuple[str, ...]

    def account_id(self, random: SeededRandom, unique: int) -> str:
        """
        SeededRandom the part of a platform id after its first hyphen.

        Args:
            random: Where its characters come from.

            unique: A number that no other account of the sandbox has.
        """
        if self.name == "telegram":
            # Ten digits are too few to draw blindly: among a million users some would
            # meet. The factor is prime to the span, so different numbers stay different.
            return f"{self.lead}{10**9 + unique * 2_654_435_761 % _CHANNELS}"
        return self.lead + random.text(self.alphabet, self.length)


PLATFORMS = {
    platform.name: platform
    for platform in (
        PlatformTraits(
            name="twitter",
            username="@{handle}",
            lead="1",
            length=18,
            permissions=("tweet.read", "tweet.write", "users.read", "media.write"),
        ),
        PlatformTraits(
            name="linkedin",
            username="{name}",
            alphabet=_BASE62,
            length=10,
            lifetime=60,
            permissions=("openid", "profile", "w_member_social"),
        ),
        PlatformTraits(
            name="instagram",
            lead="1784",
            length=13,
            lifetime=60,
            permissions=("instagram_business_basic", "instagram_business_content_publish"),
        ),
        PlatformTraits(
            name="threads",
            lead="1784",
            length=13,
            lifetime=60,
            permissions=("threads_basic", "threads_content_publish"),
        ),
        PlatformTraits(
            name="tiktok",
            username="@{handle}",
            lead="7",
            length=18,
            lifetime=365,
            soon=30,
            permissions=("user.info.basic", "video.publish", "video.upload"),
        ),
        PlatformTraits(
            name="youtube",
            username="@{handle}",
            lead="UC",
            alphabet=_BASE64,
            length=22,
            permissions=("youtube.readonly", "youtube.upload"),
        ),
        PlatformTraits(
            name="facebook",
            username="{name}",
            lead="1",
            length=14,
            lifetime=60,
            permissions=("pages_manage_posts", "pages_read_engagement", "pages_show_list"),
        ),
        PlatformTraits(
            name="bluesky",
            username="{handle}.example.com",
            lead="did:plc:",
            alphabet=_BASE32,
            length=24,
            permissions=("atproto",),
        ),
        PlatformTraits(
            name="mastodon",
            username="@{handle}@social.example",
            lead="1",
            length=17,
            undated="unknown",
            permissions=("read:accounts", "write:media", "write:statuses"),
        ),
        PlatformTraits(
            name="telegram",
            username="@{handle}",
            lead="-100",
            length=10,
            permissions=("can_post_messages",),
        ),
        # Not one of the documented ten: it can be connected, but not posted to.
        PlatformTraits(
            name="pinterest",
            lead="5",
            length=17,
            lifetime=60,
            permissions=("boards:read", "pins:read"),
        ),
    )
}
