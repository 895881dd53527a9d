"""The parts of a timeout, checked when they are put together."""

from typing import Any

import pytest

from publora_async import ConfigurationError, Timeouts


def test_by_default_only_the_whole_attempt_has_a_limit() -> None:
    assert Timeouts() == Timeouts(total=30.0, connect=None, read=None)


@pytest.mark.parametrize("part", ["total", "connect", "read"])
@pytest.mark.parametrize("value", [0, -1.5, float("inf"), "1", False])
def test_a_bad_part_of_a_timeout_is_named(part: str, value: Any) -> None:  # noqa: ANN401
    with pytest.raises(ConfigurationError, match=f"^{part} must be a"):
        Timeouts(**{part: value})
