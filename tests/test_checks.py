"""What an argument may be; the message names it, and never quotes what may be a secret."""

import math
from typing import Any

import pytest

from publora_async import ConfigurationError, Secret
from publora_async._checks import (
    check_count,
    check_header_value,
    check_seconds,
    check_text,
    masked,
)


def test_what_is_as_it_should_be_is_given_back() -> None:
    assert check_count("many", 1) == 1
    assert check_count("many", 0, 0) == 0
    assert check_text("name", " Zoë ") == " Zoë "
    value = "!~" * 256
    assert check_header_value("user_id", value) is value
    check_seconds("timeout", 0.001)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None])
def test_a_count_is_a_whole_number_of_at_least_1(value: Any) -> None:  # noqa: ANN401  # of any type
    with pytest.raises(ConfigurationError) as raised:
        check_count("many", value)
    assert str(raised.value) == f"many must be a whole number, 1 or more, not {value!r}"


@pytest.mark.parametrize("value", [True, "1", None])
def test_a_time_is_a_number_of_seconds(value: Any) -> None:  # noqa: ANN401  # of any type
    with pytest.raises(ConfigurationError) as raised:
        check_seconds("timeout", value)
    assert str(raised.value) == f"timeout must be a number of seconds, not {value!r}"


@pytest.mark.parametrize("value", [0, -1.5, math.inf, math.nan])
def test_a_time_is_finite_and_above_0(value: float) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_seconds("timeout", value)
    assert str(raised.value) == f"timeout must be above 0 seconds and finite, not {value}"


@pytest.mark.parametrize("value", ["", " ", 5, None])
def test_text_is_not_blank(value: Any) -> None:  # noqa: ANN401  # of any type
    with pytest.raises(ConfigurationError, match="name must be text, and not blank"):
        check_text("name", value)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (5, "text, not int"),
        (int, "text, not int"),
        ("", "1 to 512 characters long, not 0"),
        ("u" * 513, "1 to 512 characters long, not 513"),
    ],
)
def test_a_header_value_is_text_of_1_to_512_characters(value: Any, why: str) -> None:  # noqa: ANN401  # of any type
    with pytest.raises(ConfigurationError) as raised:
        check_header_value("user_id", value)
    assert str(raised.value) == f"user_id must be {why}"


@pytest.mark.parametrize("value", ["sk swordfish", "sk\nswordfish", "sk\ud800", "sk\u00e9"])
def test_a_header_value_is_printable_ascii_and_not_quoted(value: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_header_value("api_key", value)
    assert str(raised.value) == (
        "api_key may hold only printable ASCII characters without blanks; "
        f"character 3 of {len(value)} is something else"
    )


def test_text_is_masked_and_of_anything_else_only_the_type_is_kept() -> None:
    assert masked(None) is None
    secret = masked("swordfish")
    assert isinstance(secret, Secret)
    assert (secret, repr(secret)) == ("swordfish", "***")
    number: Any = 5
    kind: object = masked(number)
    again: object = masked(masked(number))
    assert kind is again is int
