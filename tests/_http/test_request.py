"""A request is data that nobody can change, and ids in it are what they were, or refused."""

from enum import Enum

import pytest

from publora_async import ConfigurationError
from publora_async._http.request import Request, path_part, request
from publora_async.secret import Secret

USER = "6626a1f5e4b0c91a2d3f4567"
REFUSED = [
    ("", "must be 1 to 512 characters long, not 0"),
    ("u" * 513, "must be 1 to 512 characters long, not 513"),
    (5, "must be text, not int"),
    (None, "must be text, not NoneType"),
    (b"u", "must be text, not bytes"),
]
NO_HEADER = [
    ("u\ud800", "may hold only printable ASCII characters without blanks; character 2 of 2"),
    ("u 1", "may hold only printable ASCII characters without blanks; character 2 of 3"),
    ("\r\nx-publora-key: k", "may hold only printable ASCII characters without blanks"),
    ("ü", "may hold only printable ASCII characters without blanks; character 1 of 1"),
]
NO_PART = [
    ".",
    "..",
    "...",
    "a/b",
    "/",
    "a\\b",
    "x-..",
    "a\x00",
    "a\x1f",
    "a\x7f",
    "a\x85",
    "\ud800",
]


def test_a_request_holds_only_what_it_was_given() -> None:
    assert request("GET", "/things") == Request(
        method="GET", route="/things", path="/things", headers={"Accept": "application/json"}
    )


def test_a_request_holds_the_user_the_id_and_the_body() -> None:
    made = request("POST", "/things/{id}", "a%2Fb", user_id=USER, body={"n": "ü"}, writes=True)
    assert made == Request(
        method="POST",
        route="/things/{id}",
        path="/things/a%2Fb",
        headers={
            "Accept": "application/json",
            "x-publora-user-id": USER,
            "Content-Type": "application/json",
        },
        body=b'{"n": "\\u00fc"}',
        writes=True,
    )


def test_a_users_token_stays_masked_in_a_request() -> None:
    made = request("POST", "/things", user_token=Secret("swordfish"), body={"userId": USER})
    assert made.headers["x-publora-user-token"] == "swordfish"
    assert "swordfish" not in f"{made!r} {made.body!r}"


def test_a_request_cannot_be_changed() -> None:
    made = request("GET", "/things")
    with pytest.raises(AttributeError):
        made.path = "/others"  # type: ignore[misc]  # what is shown
    with pytest.raises(TypeError):
        made.headers["x-publora-user-id"] = USER  # type: ignore[index]  # what is shown


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("did:plc:abc", "did%3Aplc%3Aabc"),
        ("telegram--1001234567890", "telegram--1001234567890"),
        ("a?b=c&d", "a%3Fb%3Dc%26d"),
        ("a#b", "a%23b"),
        ("50%25", "50%2525"),
        ("%2e%2e", "%252e%252e"),
        ("{id}", "%7Bid%7D"),
        ("a+b@c;d,e", "a%2Bb%40c%3Bd%2Ce"),
        ("mastodon-josé@example.social", "mastodon-jos%C3%A9%40example.social"),
        ("facebook-My Page", "facebook-My%20Page"),
        ("x-😀", "x-%F0%9F%98%80"),
        ("a.b", "a.b"),
        ("-", "-"),
    ],
)
def test_an_id_is_one_step_of_the_path_whatever_it_holds(given: str, sent: str) -> None:
    assert path_part("id", given) == sent
    assert request("GET", "/things/{id}/parts", sent).path == f"/things/{sent}/parts"


class User(str, Enum):  # noqa: UP042  # a StrEnum formats to its value
    ANN = "6626a1f5e4b0c91a2d3f4567"


def test_what_was_checked_is_what_is_sent_whatever_text_formats_to() -> None:
    user_id = request("GET", "/", user_id=User.ANN).headers["x-publora-user-id"]
    assert (type(user_id), user_id) == (str, USER)
    assert path_part("user_id", User.ANN) == USER


@pytest.mark.parametrize(
    ("refused", "why"), [row for row in (*REFUSED, *NO_HEADER) if row[0] is not None]
)
def test_a_user_id_that_would_not_travel_unharmed_is_refused_and_not_quoted(
    refused: str, why: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        request("GET", "/things", user_id=refused)
    assert raised.value.message.startswith(f"user_id {why}")


@pytest.mark.parametrize(("refused", "why"), REFUSED)
def test_an_id_that_is_no_text_or_too_long_is_refused(refused: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        path_part("platform_id", refused)
    assert raised.value.message == f"platform_id {why}"


@pytest.mark.parametrize("refused", NO_PART)
def test_an_id_that_could_be_taken_for_another_path_is_refused(refused: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        path_part("platform_id", refused)
    assert raised.value == ConfigurationError(
        "platform_id must be an id, without slashes, '..' and control characters"
    )
