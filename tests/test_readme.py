"""What README.md says is true: its samples run, its numbers are the defaults."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from publora_async import AsyncPublora
from publora_async.sandbox import Sandbox

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("sample", SAMPLES, ids=range(1, len(SAMPLES) + 1))
def test_a_sample_runs_as_it_stands(sample: str) -> None:
    with Sandbox() as sandbox:
        done = subprocess.run(
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
        assert (sandbox.requests == 0) == ("Sandbox" in sample)
    assert (done.returncode, done.stderr) == (0, "")


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
