"""JSON is read exactly."""

import pytest

from publora_async._decoding.strict_json import parse


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
