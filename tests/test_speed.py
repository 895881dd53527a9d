"""The extra ``speed``: the same answers, bit for bit, with orjson as without."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publora_async import ConnectionList, ManagedUser, ResponseDecodeError, decode_connections
from publora_async._decoding import strict_json
from publora_async._decoding.bodies import many

TEXTS = st.text(st.characters(exclude_categories=[])) | st.sampled_from(
    ["twitter-1", "\ud83d\ude00"]
)
NUMBERS = (
    st.integers()
    | st.sampled_from([2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**400])
    | st.floats()
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ACCOUNTS = st.fixed_dictionaries(
    {"platformId": TEXTS},
    optional={
        "username": TEXTS | st.none(),
        "accessTokenExpiresAt": st.sampled_from(["2026-05-15T10:30:00.000Z", None]),
        "lastError": st.fixed_dictionaries({}, optional={"message": TEXTS, "new": VALUES}),
        "new": VALUES,
        "tokenStatus": VALUES,
    },
)
ANSWERS = st.fixed_dictionaries(
    {"success": st.just(value=True), "connections": st.lists(ACCOUNTS, max_size=3) | VALUES},
    optional={"new": VALUES},
)


def written(answer: object, *, ascii_only: bool) -> bytes:
    return json.dumps(answer, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


def read(body: bytes) -> tuple[object, str]:
    """What is made of *body*, with every bit of every number to be seen."""
    try:
        found: object = decode_connections(body)
    except ResponseDecodeError as error:
        return error, str(error)
    assert isinstance(found, ConnectionList)
    return found, repr(list(found))


def read_both_ways(body: bytes) -> tuple[tuple[object, str], tuple[object, str]]:
    with pytest.MonkeyPatch.context() as patch:
        quick = read(body)
        patch.setattr(strict_json, "orjson", None)
        return quick, read(body)


pytestmark = pytest.mark.skipif(find_spec("orjson") is None, reason="orjson is not installed")


@given(ANSWERS, st.booleans())
def test_an_answer_is_read_alike(answer: object, ascii_only: bool) -> None:  # noqa: FBT001
    quick, exact = read_both_ways(written(answer, ascii_only=ascii_only))
    assert quick[1] == exact[1]


@pytest.mark.parametrize(
    "value",
    [
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "[123456789012345678901234567890]",
        "1" * 5000,
        "-0",
        "-0.0",
        "1e400",
        "5e-324",
        "9007199254740993.0",
        "1E5",
        "01",
        "NaN",
        "[1,]",
        r'"\ud800"',
        r'"\ude00\ud83d"',
        r'"\uD83D\uDE00"',
        '"\t"',
        '{"a": 1, "a": 2}',
        "[" * 200 + "]" * 200,
    ],
)
@pytest.mark.parametrize("frame", ['{"new": %s}', '{"lastError": {"new": %s}}', '{"username": %s}'])
def test_an_odd_value_is_read_alike(value: str, frame: str) -> None:
    account = '{"platformId": "x-1", ' + (frame % value)[1:]
    body = ('{"success": true, "connections": [' + account + "]}").encode()
    quick, exact = read_both_ways(body)
    assert quick[1] == exact[1]


@pytest.mark.parametrize(
    "body", [b"", b"\xef\xbb\xbf{}", b"\xff", b"{} {}", b"null", b"[]", b"\x0c{}"]
)
def test_an_odd_body_is_read_alike(body: bytes) -> None:
    quick, exact = read_both_ways(body)
    assert quick[1] == exact[1]


def test_whole_numbers_keep_all_their_digits() -> None:
    body = b'{"success": true, "connections": [{"platformId": "x-1", "n": [36893488147419103232]}]}'
    assert decode_connections(body)[0].extra == {"n": [2**65]}
    (user,) = many(ManagedUser, "users")(b'{"users": [{"_id": "u", "n": 36893488147419103232}]}')
    assert user.extra == {"n": 2**65}


def test_without_the_extra_the_sdk_works_as_well() -> None:
    code = (
        "import sys; sys.modules.update(orjson=None, uvloop=None)\n"
        "from publora_sync import Publora\n"
        "from publora_async.sandbox import Sandbox\n"
        "with Sandbox() as s, Publora(s.api_key, base_url=s.base_url) as publora:\n"
        "    print(len(publora.connections.list()) > 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout == "True\n"
