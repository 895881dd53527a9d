"""Names of platforms: as people type them, known or new."""

import click
import pytest

from publora_async import Connection
from publora_sync.cli._platforms import PlatformFilter, platform_to_wait_for
from publora_sync.cli._shell import CommandError

ACCOUNTS = [Connection(platform_id=one) for one in ("twitter-1", "linkedin-1", "Vkontakte-1")]
CONTEXT = click.Context(click.Command("connect"))
OPTION = click.Option(["--wait"])


@pytest.mark.parametrize(
    ("names", "selected"),
    [
        ([], ["twitter-1", "linkedin-1", "Vkontakte-1"]),
        (["X"], ["twitter-1"]),
        ([" LinkedIn ", "twitter"], ["twitter-1", "linkedin-1"]),
        (["vkontakte"], ["Vkontakte-1"]),
        (["tiktok"], []),
    ],
)
def test_names_are_found_in_any_case_and_new_ones_too(
    names: list[str], selected: list[str]
) -> None:
    wanted = PlatformFilter(names)
    assert wanted(ACCOUNTS).platform_ids == selected
    wanted.check()


@pytest.mark.parametrize(
    ("name", "hint"),
    [("vkontacte", ": did you mean vkontakte?"), ("zzz\x1b", ""), ("tweeter", ": did you mean")],
)
def test_a_name_that_nobody_has_is_refused_with_a_hint(name: str, hint: str) -> None:
    wanted = PlatformFilter([name])
    wanted(ACCOUNTS)
    with pytest.raises(CommandError) as refused:
        wanted.check()
    assert f"which is no platform that is known here{hint}" in refused.value.message
    assert "\x1b" not in refused.value.message


@pytest.mark.parametrize(
    ("typed", "name"), [(None, None), ("X", "twitter"), ("Pinterest", "pinterest"), ("vk", "vk")]
)
def test_one_can_wait_for_any_platform_that_is_no_slip(typed: str | None, name: str | None) -> None:
    assert platform_to_wait_for(CONTEXT, OPTION, typed) == name


def test_one_cannot_wait_for_a_slip() -> None:
    with pytest.raises(click.BadParameter, match="did you mean instagram"):
        platform_to_wait_for(CONTEXT, OPTION, "instagran")
