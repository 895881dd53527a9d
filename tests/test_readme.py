"""What README.md says is true: its samples run, its numbers are the defaults."""

import html
import inspect
import os
import re
import shlex
import subprocess
import sys

import pytest
from surface import ROOT

from publora_async import AsyncPublora
from publora_async.sandbox import Faults, Sandbox
from publora_sync import Publora

README = (ROOT / "README.md").read_text("utf-8")
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SAMPLES = PYTHON.findall(README)
RECIPES: dict[str, str] = {
    title.strip(): sample
    for title, section in re.findall(
        r"^### (.*?)\n(.*?)(?=^##)", README, flags=re.DOTALL | re.MULTILINE
    )
    for sample in PYTHON.findall(section)
}
"""The samples under a heading of their own, by it: tests/test_recipes.py has each in its place."""

ASKING = [one for one in SAMPLES if "import Sandbox" not in one and one not in RECIPES.values()]
FANNING_OUT = [sample for sample in ASKING if "_many(" in sample]


def numbered(samples: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "sample", samples, ids=[SAMPLES.index(sample) + 1 for sample in samples]
    )


def run(sample: str, sandbox: Sandbox, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", sample],
        env={
            **os.environ,
            "PUBLORA_API_KEY": sandbox.api_key,
            "PUBLORA_BASE_URL": sandbox.base_url,
            **environ,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@numbered([one for one in SAMPLES if one not in RECIPES.values()])
def test_a_sample_runs_as_it_stands(sample: str) -> None:
    with Sandbox() as sandbox:
        done = run(sample, sandbox)
        assert (sandbox.requests == 0) == ("import Sandbox" in sample)
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
    top = README.splitlines()[:45]
    assert "from publora_async import AsyncPublora" in top
    assert "from publora_sync import Publora" in top


def test_both_colours_print_what_stands_below_them() -> None:
    (output,) = re.findall(r"^```text\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    with Sandbox() as sandbox:
        assert [run(sample, sandbox).stdout for sample in SAMPLES[:2]] == [output, output]


def test_the_picture_shows_the_accounts_that_the_sandbox_has() -> None:
    picture = (ROOT / "docs" / "table.svg").read_text("utf-8")
    shown = html.unescape(re.sub("<[^>]*>", " ", picture)).replace("\xa0", " ")
    with Sandbox() as sandbox, Publora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        accounts = publora.connections.list()
    assert [one for one in accounts.platform_ids if one not in shown] == []
    for status in ("valid", "expiring soon", "expired", "unknown"):
        name = status.replace(" ", "_")
        assert len(re.findall(rf"[✓!✗?] {status}\b", shown)) == sum(
            account.status == name for account in accounts
        )


COMMANDS = re.findall(r"^python3 .*$", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS, ids=["see", "test", "watch"])
def test_a_python_that_is_too_old_is_told_before_anything_is_installed(command: str) -> None:
    program, _, code = shlex.split(command)[:3]
    assert program == "python3"
    for version, output in (
        (sys.version_info[:3], ""),
        ((3, 10, 13), "needs Python 3.11 or newer"),
    ):
        pretend = f"import sys; sys.version_info = {version}; exec({code!r})"
        done = subprocess.run(
            [sys.executable, "-c", pretend], capture_output=True, text=True, check=False
        )
        assert done.returncode == bool(output)
        assert output in done.stderr
        assert done.stderr.count("\n") == bool(output)
    assert "' && python3 -m venv .venv && " in command


def test_a_recipe_is_at_most_ten_lines_long() -> None:
    for title, sample in RECIPES.items():
        lines = [
            line for line in sample.splitlines() if line and not re.match("from |import ", line)
        ]
        assert len(lines) <= 10, title


def test_every_app_of_the_places_is_named_and_run_and_all_files_that_are_named_are_there() -> None:
    section = README.partition("## Where it runs\n")[2].partition("\n## ")[0]
    assert len(re.findall("^- ", section, re.MULTILINE)) <= 10
    linked = {ROOT / path for path in re.findall(r"\]\(([\w/.]+)\)", section)}
    assert [path for path in linked if not path.is_file()] == []
    places = ROOT / "tests" / "places"
    apps = {*places.glob("*_app.py")}
    assert {path for path in linked if path.parent == places} == apps
    tests = "".join(path.read_text("utf-8") for path in places.glob("test_*.py"))
    assert [path.stem for path in apps if path.stem not in tests] == []


@numbered(ASKING[:2])
def test_the_log_is_on_stderr_where_the_environment_asks_for_it(sample: str) -> None:
    assert "`PUBLORA_LOG=debug` in the environment shows the log on stderr." in README
    with Sandbox() as sandbox:
        done = run(sample, sandbox, PUBLORA_LOG="debug")
    (line,) = [line for line in done.stderr.splitlines() if "answered" in line]
    assert line.endswith("DEBUG publora_async: GET /platform-connections: answered, attempt 1")
    assert sandbox.api_key not in done.stdout + done.stderr


def test_the_numbers_are_the_defaults() -> None:
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(AsyncPublora).parameters.items()
    }
    assert f"{defaults['timeout']:g} s (`timeout`)" in README
    assert f"{defaults['deadline']:g} s (`deadline`)" in README
    assert f"{defaults['max_retries']} further attempts (`max_retries`)" in README
    assert f"{defaults['max_connections']} slots (`max_connections`)" in README
