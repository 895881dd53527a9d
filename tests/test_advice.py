"""Advice that several messages give, in the same words."""

import pytest

from publora_async import AsyncPublora, AuthenticationError, ConfigurationError
from publora_async._advice import WHERE_KEYS_COME_FROM


def test_who_has_no_key_and_who_has_a_wrong_one_are_told_where_keys_come_from() -> None:
    with pytest.raises(ConfigurationError) as raised:
        AsyncPublora()
    for error in (raised.value, AuthenticationError(401, "Invalid API key")):
        assert WHERE_KEYS_COME_FROM in str(error)
