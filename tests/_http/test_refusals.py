"""A refusal becomes an error that shows nothing it should not."""

import json
import re

import pytest

from publora_async import APIStatusError, errors
from publora_async._http.refusals import refusal, says_no
from publora_async.secret import Secret

KEY = Secret("sk.0123456789abcdef")
STATUSES = [
    (400, "BadRequestError", "Bad Request"),
    (401, "AuthenticationError", "Unauthorized"),
    (402, "APIStatusError", "Payment Required"),
    (403, "PermissionDeniedError", "Forbidden"),
    (404, "NotFoundError", "Not Found"),
    (409, "ConflictError", "Conflict"),
    (418, "APIStatusError", "I'm a Teapot"),
    (429, "RateLimitError", "Too Many Requests"),
    (499, "APIStatusError", "no explanation"),
    (500, "ServerError", "Internal Server Error"),
    (503, "ServerError", "Service Unavailable"),
    (599, "ServerError", "no explanation"),
]


def refuse(status: int, said: object) -> APIStatusError:
    return refusal(status, json.dumps(said).encode(), key=KEY)


@pytest.mark.parametrize(("status", "kind", "phrase"), STATUSES)
def test_each_status_has_its_error_and_without_a_body_its_phrase(
    status: int, kind: str, phrase: str
) -> None:
    error = refusal(status, b"", retry_after=2.5, key=KEY)
    assert error == getattr(errors, kind)(status, phrase, retry_after=2.5)


def test_the_statuses_are_those_of_the_tree_in_the_errors_docstring() -> None:
    drawn = re.findall(r"(\w+Error) (\d{3})\b", errors.__doc__ or "")
    named = [(kind, str(status)) for status, kind, _ in STATUSES]
    assert set(drawn) <= set(named)
    assert len(drawn) == 6


@pytest.mark.parametrize(
    ("said", "message", "code"),
    [
        ({"error": "Invalid API key"}, "Invalid API key", None),
        ({"message": "Invalid API key"}, "Invalid API key", None),
        ({"error": "one", "message": "two", "code": "three"}, "one", "three"),
        ({"error": "", "message": "two"}, "two", None),
        ({"error": None, "message": "two", "code": None}, "two", None),
        ({"error": {"id": 1}, "message": "two"}, "two", None),
        ({"error": True, "message": "two"}, "two", None),
        ({"error": " \n", "message": "two"}, "two", None),
        ({"error": "  one \n"}, "one", None),
        ({"error": " "}, "Conflict", None),
        ({"error": 5, "code": 6}, "Conflict", None),
        ({"code": "email_exists"}, "Conflict", "email_exists"),
        ({"error": "Fünf\ud800"}, "Fünf\ufffd", None),
        ({}, "Conflict", None),
    ],
)
def test_the_services_own_words_are_the_message(
    said: object, message: str, code: str | None
) -> None:
    assert refuse(409, said) == errors.ConflictError(409, message, code)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("your key {} is bad", "your key *** is bad"),
        ("{0}{0}", "******"),
        ("x" * 190 + "{}", "x" * 190 + "***"),
        ("x" * 199 + "{}", "x" * 199 + "*"),
    ],
)
def test_a_key_that_the_answer_repeats_is_blotted_out(text: str, shown: str) -> None:
    repeated = text.format(str(KEY))
    assert refusal(401, repeated.encode(), key=KEY).excerpt == shown
    said = refuse(401, {"error": repeated, "code": repeated})
    assert said == errors.AuthenticationError(401, shown, shown)


def test_a_token_that_the_answer_repeats_is_blotted_out_beside_the_key() -> None:
    said = {"error": f"{KEY} and token", "code": "token", "seen": {"token": "a token"}}
    body = json.dumps(said).encode()
    error = refusal(403, body, key=KEY, user_token="token")
    assert error == errors.PermissionDeniedError(
        403, "*** and ***", "***", details={"seen": {"***": "a ***"}}
    )


def test_a_key_in_the_host_of_a_redirect_is_not_shown() -> None:
    location = f"https://user:{KEY}@{KEY}.example.com/{KEY}?key={KEY}"
    assert KEY not in refusal(302, b"", location=location, key=KEY).message


@pytest.mark.parametrize(
    ("location", "origin"),
    [
        ("https://example.com/a?b#c", "https://example.com"),
        ("http://example.com:8080", "http://example.com:8080"),
        ("https://user:password@example.com/", "https://example.com"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("https://example.com?x@evil.com", "https://example.com"),
        *(
            (hostile, "somewhere else")
            for hostile in [
                *("http://[::1", "/login", "//example.com", "login", "javascript:alert(1)"),
                *("ftp://example.com", " https://example.com", "https://", "https:///x"),
                *("https://a@b@c/", "https://example.com\\@evil.com/", "https://a\\b.com"),
                *("https://example.com\r\nSet-Cookie: a=b", "https://exam\0ple.com"),
                *("https://b\u00fccher.de", "https://\u212a.com", "http\u017f://example.com"),
                *("https://example.com\x1b[31m", "https://" + "a" * 300 + ".com"),
            ]
        ),
    ],
)
@pytest.mark.parametrize(("status", "phrase"), [(301, "Moved Permanently"), (307, None)])
def test_a_redirect_names_the_origin_it_points_to_and_nothing_else(
    location: str, origin: str, status: int, phrase: str | None
) -> None:
    error = refusal(status, b"<html>moved</html>", location=location, key=KEY)
    assert error == APIStatusError(
        status,
        f"{phrase or 'Temporary Redirect'}, to {origin}: redirects are not followed, "
        "check base_url",
    )


@pytest.mark.parametrize(
    ("status", "location", "message"),
    [
        (304, "https://example.com", "Not Modified"),
        (300, "https://example.com", "Multiple Choices"),
        (302, None, "Found"),
        (302, "", "Found"),
    ],
)
def test_a_3xx_that_leads_nowhere_is_told_by_its_phrase(
    status: int, location: str | None, message: str
) -> None:
    assert refusal(status, b"", location=location, key=KEY) == APIStatusError(status, message)


CONFLICT = {
    "userId": "6626a1f5e4b0c91a2d3f4567",
    "reason": "managed_by_another_workspace",
    "attachable": False,
    "requiresConsent": True,
    "alreadyInWorkspace": False,
    "managedByAnotherWorkspace": True,
}


def test_what_else_the_service_said_is_kept_as_details() -> None:
    said = {"error": "User with this email already exists", "code": "email_exists", **CONFLICT}
    error = refuse(409, said)
    assert (error.code, error.details) == ("email_exists", CONFLICT)
    assert refuse(409, {"success": False, "error": "a", "message": "b", "code": "c"}).details == {}
    assert refusal(409, b"<html>", key=KEY).details == {}


def deep(levels: int) -> object:
    return {"a": deep(levels - 1)} if levels else [1]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"a": 1, "b": None, "c": 1.5, "d": [True]}, {"a": 1, "b": None, "c": 1.5, "d": [True]}),
        (
            {"a": f"{KEY}\x1b", f"{KEY}": [{f"{KEY}\0": f"{KEY}"}]},
            {"a": "***\\x1b", "***": [{"***\\x00": "***"}]},
        ),
        ({"a": "x" * 5000}, {"a": "x" * 200}),
        ({"a": [1] * 5000, "b": 2}, {"b": 2}),
        (
            {f"n{number}": "x" * 200 for number in range(100)},
            {f"n{number}": "x" * 200 for number in range(19)},
        ),
        (deep(5), deep(5)),
        (deep(7), {"a": {"a": {"a": {"a": {"a": {"a": "..."}}}}}}),
    ],
    ids=["kinds", "key", "long", "list", "many", "deep", "deeper"],
)
def test_details_are_bounded_and_show_nothing_they_should_not(said: object, kept: object) -> None:
    assert refuse(409, said).details == kept


@pytest.mark.parametrize(
    ("body", "no"),
    [
        (b'{"success": false, "error": "suspended"}', True),
        (b'{"success": false, "message": "suspended"}', True),
        (b'{"success": false, "error": " "}', False),
        (b'{"success": null, "error": "suspended"}', False),
        (b'{"error": "suspended"}', False),
        (b"[false]", False),
        (b"<html>", False),
    ],
)
def test_a_body_says_no_where_there_is_no_success_and_a_reason(body: bytes, no: bool) -> None:  # noqa: FBT001  # a table column
    assert says_no(body) is no
