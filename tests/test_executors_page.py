"""What docs/executors.md says is true: its blocks run as they stand."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dask_cluster import address_in, cluster, needs_dask
from executing import PATIENCE
from processes import end_all, finished
from surface import ROOT

from publora_async.sandbox import Sandbox

PAGE = (ROOT / "docs" / "executors.md").read_text(encoding="utf-8")
PROCESSES, DASK, RESUMED = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)

pytestmark = pytest.mark.timeout(PATIENCE + 50)


def run(block: str, sandbox: Sandbox, folder: Path) -> str:
    """Run a block as a script, and give what it prints."""
    script = folder / "block.py"
    script.write_text(block)
    keys = {"PUBLORA_API_KEY": sandbox.api_key, "PUBLORA_BASE_URL": sandbox.base_url}
    with subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, **keys},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            code, output, errors = finished(process, PATIENCE)
        finally:
            end_all(process)
    assert (code, errors) == (0, "")
    return output


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(users=100)


def test_processes_answer_every_user(sandbox: Sandbox, tmp_path: Path) -> None:
    with sandbox:
        lines = run(PROCESSES, sandbox, tmp_path).splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(sandbox.user_ids)


@needs_dask
def test_dask_answers_every_user(sandbox: Sandbox, tmp_path: Path) -> None:
    with sandbox, cluster(tmp_path, PUBLORA_API_KEY=sandbox.api_key):
        block = DASK.replace("tcp://scheduler:8786", address_in(tmp_path))
        assert block != DASK
        assert run(block, sandbox, tmp_path) == "<UserConnectionsList of 100 users, 0 failed>\n"


def test_a_run_is_resumed_where_it_ended(sandbox: Sandbox, tmp_path: Path) -> None:
    with sandbox:
        run(RESUMED, sandbox, tmp_path)
        answered = tmp_path / "answered.ndjson"
        lines = answered.read_text().splitlines(keepends=True)
        answered.write_text("".join(lines[:40]))
        before = sandbox.requests
        run(RESUMED, sandbox, tmp_path)
    assert sandbox.requests - before == 61
    assert len({json.loads(line)["user_id"] for line in answered.read_text().splitlines()}) == 100
