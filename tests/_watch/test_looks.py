"""How long to be patient, and what is known of an account as JSON."""

import json

import pytest

from publora_async import Connection
from publora_async._watch.changes import Health, Kind
from publora_async._watch.looks import Known, Rules


@pytest.mark.parametrize(
    ("users", "seconds"), [(1, 50), (2, 250), (10, 250), (20, 150), (5000, 50)]
)
def test_among_few_users_the_second_look_waits_until_others_were_seen(
    users: int, seconds: float
) -> None:
    assert Rules(1000.0, users).soon == seconds


def test_what_may_be_an_error_of_the_service_has_to_be_seen_for_longer() -> None:
    rules = Rules(1000.0)
    assert rules.patience(Kind.BROKE, careful=False) == 50
    assert rules.patience(Kind.BROKE, careful=True) == 3600
    assert Rules(9000.0).patience(Kind.BROKE, careful=True) == 4500
    assert rules.patience(Kind.RECOVERED, careful=True) == 50
    assert rules.patience(Kind.SILENT, careful=False) == 2000
    assert rules.calm == 4000


def test_what_is_known_comes_back_from_json() -> None:
    for known in (
        Known(Connection(platform_id="x-1")),
        Known(
            Connection(platform_id="x-1", token_status="expired"),
            Health.BROKEN,
            {"recovered": 1.5},
            [1.0, 2.5],
            Health.FINE,
        ),
    ):
        assert Known.unpack(json.loads(json.dumps(known.pack()))) == known
