"""What README.md says is true: its samples run, its numbers are the defaults."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from publora_async import AsyncPublora
from publora_async.sandbox import Faults, Sandbox

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


ASKING = [sample for sample in SAMPLES if "Sandbox" not in sample]
FANNING_OUT = [sample for sample in ASKING if "_many(" in sample]


def numbered(samples: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "sample", samples, ids=[SAMPLES.index(sample) + 1 for sample in samples]
    )


def run(sample: str, sandbox: Sandbox) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", sample],
        env={
            **os.environ,
            "PUBLORA_API_KEY": sandbox.api_key,
            "PUBLORA_BASE_URL": sandbox.base_url,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@numbered(SAMPLES)
def test_a_sample_runs_as_it_stands(sample: str) -> None:
    with Sandbox() as sandbox:
        done = run(sample, sandbox)
        assert (sandbox.requests == 0) == ("Sandbox" in sample)
    assert (done.returncode, done.stderr) == (0, "")


@numbered(ASKING)
def test_a_sample_fails_and_says_why_where_the_service_is_down(sample: str) -> None:
    with Sandbox(faults=Faults(error_rate=1, error_status=503)) as sandbox:
        done = run(sample, sandbox)
    assert done.returncode == 1
    assert "HTTP 503" in done.stderr.splitlines()[-1]


@numbered(FANNING_OUT)
def test_a_sample_about_many_users_tells_of_each_who_could_not_be_asked_about(sample: str) -> None:
    with Sandbox(users=2) as sandbox:
        sandbox.faults = Faults(error_users=dict.fromkeys(sandbox.user_ids, 503))
        done = run(sample, sandbox)
    assert [user for user in sandbox.user_ids if f"{user} could not be asked" in done.stdout] == [
        *sandbox.user_ids
    ]
    assert done.stdout.count("HTTP 503") == 2


def test_both_colours_are_shown_near_the_top() -> None:
    top = README.splitlines()[:25]
    assert "from publora_async import AsyncPublora" in top
    assert "from publora_sync import Publora" in top


def test_the_numbers_are_the_defaults() -> None:
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(AsyncPublora).parameters.items()
    }
    assert f"{defaults['timeout']:g} s (`timeout`)" in README
    assert f"{defaults['deadline']:g} s (`deadline`)" in README
    assert f"{defaults['max_retries']} further attempts (`max_retries`)" in README
    assert f"{defaults['max_connections']} slots (`max_connections`)" in README
