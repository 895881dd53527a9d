"""Whatever was decoded survives the way back."""

import json
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from publora_async import (
    Connection,
    ConnectionList,
    LastError,
    decode_connections,
)

WIRE_NAMES = [
    *("platformId", "username", "displayName", "profileImageUrl", "accessTokenExpiresAt"),
    *("profileUrl", "tokenStatus", "tokenExpiresIn", "lastSuccessfulPost", "subscriptionType"),
    *("lastError", "message", "occurredAt"),
]

ANY_TEXT = st.text()
ANY_TIME = st.datetimes(timezones=st.just(UTC))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=10,
)
ANY_EXTRA = st.dictionaries(ANY_TEXT.filter(lambda name: name not in WIRE_NAMES), ANY_JSON)
ANY_ERROR = st.builds(
    LastError, message=st.none() | ANY_TEXT, occurred_at=st.none() | ANY_TIME, extra=ANY_EXTRA
)
CONNECTIONS = st.builds(
    Connection,
    platform_id=ANY_TEXT,
    username=st.none() | ANY_TEXT,
    access_token_expires_at=st.none() | ANY_TIME,
    profile_url=st.none() | ANY_TEXT,
    token_status=st.none() | ANY_TEXT,
    last_error=st.none() | ANY_ERROR,
    extra=ANY_EXTRA,
)


@given(
    connections=st.lists(CONNECTIONS, max_size=5).map(ConnectionList), ensure_ascii=st.booleans()
)
def test_whatever_a_list_holds_survives_being_written_and_read_again(
    connections: ConnectionList, *, ensure_ascii: bool
) -> None:
    text = json.dumps(connections.to_dict(), ensure_ascii=ensure_ascii)
    assert decode_connections(text.encode()) == connections
