"""The sandbox as its user holds it: settings, what can be done to it, serving it."""

import signal
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import requests
from sandbox_calls import LIST, LISTING

from publora_async.sandbox import Faults, Sandbox, serve

KEY = {"x-publora-key": "YOUR_API_KEY"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"users": -1}, "users must be a whole number from 0 to 2147483648, not -1"),
        ({"users": 2**31 + 1}, "users must be a whole number"),
        ({"users": 1.0}, "users must be a whole number"),
        ({"users": True}, "users must be a whole number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": "a"}, "seed must be a whole number"),
        ({"port": 65536}, "port must be a whole number from 0 to 65535, not 65536"),
        ({"form": "tomorrow"}, 'form must be "today" or "contract", not \'tomorrow\''),
        ({"now": datetime(2026, 10, 1)}, "now must be an aware datetime"),  # noqa: DTZ001
        ({"api_key": ""}, "api_key must be printable ASCII"),
        ({"api_key": "sk 1"}, "api_key must be printable ASCII"),
    ],
)
def test_a_setting_out_of_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sandbox(**options)


def test_its_time_is_in_utc() -> None:
    here = datetime(2026, 10, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    assert Sandbox(now=here).now.isoformat() == "2026-10-01T12:00:00+00:00"
    assert Sandbox().now.tzinfo is UTC


def test_the_contracts_python_snippet_runs_with_only_the_address_changed() -> None:
    with Sandbox() as sandbox:
        with requests.Session() as session:
            response = session.get(
                f"{sandbox.base_url}/platform-connections",
                headers={"x-publora-key": "YOUR_API_KEY"},
            )
        connections = response.json()["connections"]
        expired = [
            conn["platformId"].partition("-")[0]
            for conn in connections
            if conn.get("accessTokenExpiresAt")
            and datetime.fromisoformat(
                conn["accessTokenExpiresAt"].replace("Z", "+00:00")  # noqa: FURB162 - as it stands
            )
            < datetime.now(UTC)
        ]
    assert expired == ["linkedin"]


def test_a_negative_number_of_requests_is_refused() -> None:
    with pytest.raises(ValueError, match="after must be a whole number"):
        Sandbox().revoke_key(after=-1)


@pytest.mark.parametrize(
    ("platform", "options", "message"),
    [
        ("myspace", {}, "platform must be one of twitter, linkedin, .*, not 'myspace'"),
        ("twitter", {"user_id": "6626a1f5e4b0c91a2d3f4567"}, "not a managed user"),
        ("twitter", {"user_id": "nobody"}, "'nobody' is not a managed user"),
        ("twitter", {"after_polls": -1}, "after_polls must be a whole number"),
    ],
)
def test_connecting_what_cannot_be_connected_is_an_error(
    platform: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Sandbox().connect(platform, **options)


def test_an_outage_lasts_until_it_is_ended_from_whatever_thread() -> None:
    with Sandbox(faults=Faults(error_rate=1)) as sandbox, requests.Session() as session:

        def status() -> int:
            return session.get(sandbox.base_url + LIST[1]).status_code

        found = [status()]
        sandbox.start_outage()
        found += [status(), status()]
        sandbox.faults = None
        found.append(status())
        sandbox.start_outage(answer=500)
        found.append(status())
        sandbox.start_outage(answer="reset")
        with pytest.raises(requests.ConnectionError):
            status()
        sandbox.end_outage()
        found.append(status())
    assert found == [500, 503, 503, 503, 500, 401]
    assert sandbox.faulted == {(LISTING, "error"): 1, (LISTING, "outage"): 5}


def test_an_outage_answers_with_an_error() -> None:
    sandbox = Sandbox()
    for answer in (200, "cut"):
        with pytest.raises(ValueError, match="answer must be a whole number from 400 to 599"):
            sandbox.start_outage(answer=answer)  # type: ignore[arg-type]


class EndedByItsReader(list[str]):
    """A stream whose reader ends the process as soon as there is something to read."""

    write = list.append

    def flush(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def test_serving_gives_the_signals_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that serves a sandbox handles its signals afterwards as it did before."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    sandbox = Sandbox()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", EndedByItsReader())
        serve(sandbox)
        address, key = sys.stdout
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    assert address.startswith("export PUBLORA_BASE_URL=http://127.0.0.1:")
    assert key == f"export PUBLORA_API_KEY={sandbox.api_key}\n"
