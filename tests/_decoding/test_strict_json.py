"""JSON is read exactly."""

import pytest

from publora_async import decode_connections
from publora_async._decoding.strict_json import parse, parse_ahead, parse_quickly


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (b'\xef\xbb\xbf{"a": [1, 0.5, true, null]}', {"a": [1, 0.5, True, None]}),
        ('"Zoë 🎈"'.encode(), "Zoë 🎈"),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b" [] \r\n", []),
    ],
)
def test_what_is_json_is_read_and_a_byte_order_mark_tolerated(answer: bytes, value: object) -> None:
    assert parse(answer) == value


def test_what_was_parsed_ahead_is_not_parsed_again() -> None:
    body = b'{"success": true, "connections": [{"platformId": "x-1"}]}'
    ahead = parse_ahead(body)
    assert ahead == body
    assert parse_quickly(ahead) is parse_quickly(ahead)
    assert parse_quickly(ahead) == parse(ahead)
    assert decode_connections(ahead) == decode_connections(body)


@pytest.mark.parametrize("body", [b"nonsense", b"\xff", b"[" * 100_000])
def test_what_cannot_be_parsed_ahead_is_given_back_as_it_is(body: bytes) -> None:
    assert parse_ahead(body) is body
