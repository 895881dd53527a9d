"""JSON is read strictly, and what is something else is refused without being quoted."""

import pytest

from publora_async import ResponseDecodeError
from publora_async._json import parse


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b" ", b"<html>hunter2</html>", b'{"success": true', b'{"hunter2": 1} {}'),
        *(b'{"n": NaN}', b'{"n": Infinity}', b'{"n": -Infinity}', b'{"n": 1e999}'),
        *(b'{"n": ' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"a":' * 100_000),
        *(b'["hunter2 \xff"]', b'["\xed\xa0\x80"]', '{"hunter2": 1}'.encode("utf-16")),
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
    ],
)
def test_what_is_not_json_is_refused_without_being_quoted(answer: bytes) -> None:
    with pytest.raises(ResponseDecodeError) as raised:
        parse(answer)
    error = raised.value
    assert error == ResponseDecodeError(
        f"the answer is not JSON ({len(answer)} bytes): check that base_url points at "
        "Publora's API and no proxy answers in its place"
    )
    assert (error.__cause__, error.__context__) == (None, None)


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


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (r"\ud800", "\ufffd"),
        (r"a\uDFFFb", "a\ufffdb"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\ufeff\ud800", "\ufeff\ufffd"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\\ud800", "\\ud800"),
    ],
)
def test_a_lone_surrogate_becomes_a_replacement_character(escaped: str, text: str) -> None:
    answer = b'{"@": ["@", 1, null, {"a": "@"}]}'.replace(b"@", escaped.encode())
    assert parse(answer) == {text: [text, 1, None, {"a": text}]}
