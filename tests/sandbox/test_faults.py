"""Faults as settings: which values there may be."""

import math
from typing import Any

import attrs
import pytest
from sandbox_calls import LISTING

from publora_async.sandbox import Faults, Sandbox
from publora_async.sandbox._routes import CALLS

ANN = "a" * 24


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latency": -0.1}, r"latency must be seconds from 0 to 86400, .* not \(-0.1, -0.1\)"),
        ({"latency": (2, 1)}, r"the lesser number first, not \(2, 1\)"),
        ({"latency": (1, 2, 3)}, "latency must be seconds"),
        ({"latency": "1"}, "latency must be seconds"),
        ({"latency": math.inf}, "latency must be seconds"),
        ({"latency": math.nan}, "latency must be seconds"),
        ({"error_rate": 1.1}, "error_rate must be a number from 0 to 1, not 1.1"),
        ({"error_rate": True}, "error_rate must be a number from 0 to 1, not True"),
        ({"reset_rate": -0.1}, "reset_rate must be a number from 0 to 1, not -0.1"),
        ({"cut_rate": math.nan}, "cut_rate must be a number from 0 to 1, not nan"),
        ({"error_status": 200}, "error_status must be a whole number from 400 to 599, not 200"),
        ({"error_users": {ANN: 600}}, "error_users must be a whole number from 400 to 599"),
        ({"error_users": {"ann": 500}}, "error_users must hold managed users' ids, not 'ann'"),
        ({"reset_users": ["ann"]}, "reset_users must hold managed users' ids, not 'ann'"),
        ({"cut_users": ANN}, "cut_users must hold managed users' ids, not 'a'"),
        ({"outage_requests": (1,)}, r"outage_requests must be two whole numbers, not \(1,\)"),
        ({"outage_requests": 5}, "outage_requests must be two whole numbers, not 5"),
        ({"outage_requests": (-1, 5)}, "outage_requests must be a whole number from 0 to"),
        ({"outage_requests": (1, 0.5)}, "outage_requests must be a whole number from 0 to"),
        ({"outage_seconds": (2, 1)}, r"outage_seconds must be seconds from 0 to inf, .* \(2, 1\)"),
        ({"outage_answer": 200}, "outage_answer must be a whole number from 400 to 599, not 200"),
        ({"outage_answer": "cut"}, "outage_answer must be a whole number from 400 to 599"),
        ({"rate_limit": 0}, "rate_limit must be a whole number from 1 to 2147483648, not 0"),
        ({"retry_after": -1}, "retry_after must be a whole number from 0"),
        ({"retry_after": 0.5}, "retry_after must be a whole number from 0"),
        ({"retry_after": "1\r\nx: y"}, "retry_after must be printable ASCII"),
        ({"calls": [LISTING, "GET /x"]}, "calls must be names such as 'DELETE .*', not 'GET /x'"),
        ({"calls": LISTING}, "calls must be names such as"),
    ],
)
def test_a_setting_out_of_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Faults(**options)


def test_settings_at_the_ends_of_their_ranges_are_taken() -> None:
    faults = Faults(
        latency=(0, 86400),
        error_rate=1,
        error_status=599,
        error_users={ANN: 400},
        outage_requests=(0, 0),
        outage_seconds=(0, math.inf),
        outage_answer="reset",
        rate_limit=1,
        retry_after="Thu, 01 Oct 2026 12:00:00 GMT",
        calls=CALLS,
    )
    assert attrs.evolve(faults) == faults != Faults()


def test_the_calls_that_faults_can_be_kept_to_are_those_of_the_service() -> None:
    assert Sandbox()._dispatcher._service._calls.keys() == set(CALLS)
