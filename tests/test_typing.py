"""What users write passes the type checkers, strict; skipped where one is not installed."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from surface import ROOT, resources
from test_readme import SAMPLES

from publora_async import AsyncPublora
from publora_sync import Publora

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
    for name in ("results.py", "inferred.py"):
        shutil.copy(ROOT / "tests" / "typing" / name, tmp_path)
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


CHECKERS = {
    "mypy": ["mypy", "--strict", "--config-file=", "--follow-imports=silent", "--cache-dir=cache"],
    "pyright": ["pyright", "--pythonpath", sys.executable],
    "basedpyright": ["basedpyright", "--pythonpath", sys.executable, "--level", "error"],
    "ty": [
        "ty",
        "check",
        "--output-format",
        "concise",
        "--python",
        sys.executable,
        "--extra-search-path",
        str(ROOT),
    ],
    "pyrefly": ["pyrefly", "check", "--output-format", "min-text", "--search-path", str(ROOT)],
}
"""How each is asked; the files come last."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("checker", CHECKERS)
def test_every_checker_infers_what_public_calls_give_and_finds_the_wrong_ones(
    checker: str, tmp_path: Path
) -> None:
    module, *options = CHECKERS[checker]
    pytest.importorskip(module)
    wrong = set()
    for name in ("inferred.py", "wrong.py"):
        source = (ROOT / "tests" / "typing" / name).read_text("utf-8")
        (tmp_path / name).write_text(source, "utf-8")
        for number, line in enumerate(source.splitlines(), 1):
            if line.endswith("  # wrong"):
                wrong.add(f"{name}:{number}")
    settings = {"typeCheckingMode": "standard", "extraPaths": [str(ROOT)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    said = checked(tmp_path, module, *options, "inferred.py", "wrong.py")
    errors = [line for line in said.splitlines() if re.search(r"\berror\b|^ERROR", line)]
    found = re.findall(r"\b((?:inferred|wrong)\.py:[0-9]+)", "\n".join(errors))
    assert set(found) == wrong, said


@pytest.mark.parametrize("client", [AsyncPublora, Publora])
def test_every_public_call_is_among_them(client: type[AsyncPublora | Publora]) -> None:
    said = (ROOT / "tests" / "typing" / "inferred.py").read_text("utf-8")
    part = said.partition("def plain")[0 if client is AsyncPublora else 2]
    for name, resource in resources(client("sk_made.up")).items():
        for method in vars(type(resource)):
            if not method.startswith("_"):
                assert f"publora.{name}.{method}(" in part
