"""``publora`` without a command: its help and each command's, its version."""

from importlib.metadata import version

import pytest
from command import Run


@pytest.mark.parametrize(
    ("arguments", "taught"),
    [
        ([], ["Examples:", "PUBLORA_API_KEY", "PUBLORA_BASE_URL", "NO_COLOR", "Exit codes:"]),
        ([], ["HTTPS_PROXY", "SSL_CERT_FILE"]),
        (["connections"], ["--user", "--platform", "--format", "--sandbox", "Exit codes:"]),
        (["connections"], ["--users-file", "--all-users", "--concurrency", '"userId"', "130"]),
        (["check"], ["--within", "7d", "--user", "--sandbox", "Exit codes:"]),
        (["check"], ["--users-file", "--all-users", "--concurrency", "14d", "failed: why"]),
        (
            ["test"],
            ["ID", "--user", "--format", "Exit codes:", "the credential works", "Pinterest"],
        ),
        (["users"], ["--format", "--sandbox", "jq -r ._id", "find", "create", "detach"]),
        (["users", "find"], ["TEXT", "--format", "e-mail or name", "exit code is 1"]),
        (["users", "create"], ["EMAIL", "--name", "exit code is 2"]),
        (["users", "detach"], ["USER", "No account is deleted"]),
        (["completion"], ["bash", "zsh", "fish", "~/.bashrc"]),
        (["connections"], ["What the status means:", "expiring soon", "revoked", "--raw"]),
        (["connections"], ["--columns", "accessTokenExpiresAt", "--timeout", "--deadline", "-v"]),
        (
            ["check"],
            [
                "case $? in",
                "3) ",
                "HTTPS_PROXY",
                "What the status means:",
                "--format",
                "--platform",
            ],
        ),
        (["connect"], ["USER", "--days", "--rotate", "--wait", "--max-wait", "Exit codes:"]),
        (["watch"], ["--every", "--state", "--exec", "--notify", "--once", "Exit codes,"]),
        (["watch"], ["--baseline", "--status", "--all-users", "PUBLORA_NOTIFY", "SIGTERM"]),
        (["sandbox"], ["--port", "--users", "--seed", "--form", "PUBLORA_BASE_URL=http"]),
        (["sandbox"], ["publora sandbox --latency", "--error-rate", "Exit codes:"]),
    ],
)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_teaches(run: Run, arguments: list[str], flag: str, taught: list[str]) -> None:
    done = run(*arguments, flag)
    assert (done.exit_code, done.stderr) == (0, "")
    assert [word for word in taught if word not in done.stdout] == []
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_bare_command_is_bad_usage_and_shows_the_help(run: Run) -> None:
    done = run()
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == run("--help").stdout


def test_version_is_the_distributions(run: Run) -> None:
    done = run("--version")
    assert (done.exit_code, done.stdout) == (0, f"publora {version('publora')}\n")


def test_there_is_no_option_for_the_key(run: Run) -> None:
    done = run("connections", "--api-key", "secret")
    assert done.exit_code == 2
    assert "No such option" in done.stderr
