"""What users write passes mypy and pyright, both strict; skipped where they are not installed."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from surface import ROOT
from test_readme import SAMPLES

OFFERED = """
from publora_sync import Publora

def show(publora: Publora) -> None:
    account = publora.connections.list()[0]
    reveal_type(account.status)
    reveal_type(account.platform)
    reveal_type(publora.connections.test(account.platform_id).status)
"""


def can_be_checked(sample: str) -> bool:
    """Whether all that *sample* imports is here, with types; Django has none."""
    imported = re.findall(r"^(?:from|import) (\w+)", sample, re.MULTILINE)
    return "django" not in imported and all(map(find_spec, imported))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What is to be checked: the samples of README.md, and what is known of results."""
    for number, sample in enumerate(SAMPLES, 1):
        if can_be_checked(sample):
            (tmp_path / f"sample_{number}.py").write_text(sample, "utf-8")
    shutil.copy(ROOT / "tests" / "typed" / "results.py", tmp_path)
    return tmp_path


def checked(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def checked_by_pyright(folder: Path) -> str:
    settings = {
        "typeCheckingMode": "strict",
        "extraPaths": [str(ROOT)],
        # A sample shows what there is without doing anything with it.
        "reportUnusedExpression": False,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    return checked(folder, "pyright", "--pythonpath", sys.executable)


@pytest.mark.timeout(300)
def test_samples_and_results_pass_mypy(folder: Path) -> None:
    pytest.importorskip("mypy")
    files = sorted(path.name for path in folder.glob("*.py"))
    options = ["--strict", "--config-file=", "--follow-imports=silent", "--cache-dir=cache"]
    assert checked(folder, "mypy", *options, *files) == (
        f"Success: no issues found in {len(files)} source files\n"
    )


@pytest.mark.timeout(300)
def test_samples_and_results_pass_pyright_which_keeps_the_known_names_for_editors(
    folder: Path,
) -> None:
    pytest.importorskip("pyright")
    (folder / "offered.py").write_text(OFFERED, "utf-8")
    said = checked_by_pyright(folder)
    assert "\n0 errors, 0 warnings, 3 informations" in said
    for name in ("'expiring_soon', 'expired'", "'twitter', 'linkedin'", "'ok', 'error'"):
        assert name in said
