"""What does a round of a watch over 100,000 users cost, and how much does it remember?"""

import json
import os
import subprocess
import sys

from benchmarks._contender import ROOT
from benchmarks._results import Figure, Report
from benchmarks._table import columns, heading
from benchmarks.memory import sandbox_of

__all__ = ["ask", "run"]


def ask(users: int, rounds: int) -> dict[str, list[float]]:
    """Watch so many users of a sandbox, each in a process of its own."""
    with sandbox_of(users) as environment:
        done = subprocess.run(  # noqa: S603  # our own
            [sys.executable, "-m", "benchmarks.watching._round", str(users), str(rounds)],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            check=True,
            cwd=ROOT,
        )
    seen: dict[str, list[float]] = json.loads(done.stdout)
    return seen


def run(*, quick: bool = False) -> Report:
    """Watch for two rounds: one that sees everyone for the first time, and one as all others."""
    users = 500 if quick else 100_000
    report = Report("watching", __doc__, {"server": "the sandbox", "users": f"{users:,}"})
    heading(report)
    seen = ask(users, 2)
    cpu = [seconds / users * 1e6 for seconds in seen["cpu"]]
    figures = {
        "cpu": Figure(cpu[1:], unit="s"),
        "memory": Figure(seen["memory"], unit="MiB"),
        "file": Figure(seen["file"], unit="bytes"),
    }
    report.figures.update(figures)
    columns(
        [
            ("", "of a million users"),
            ("CPU of the first round", f"{cpu[0]:.0f} s"),
            ("CPU of another round", f"{cpu[1]:.0f} s"),
            ("memory above the imports'", f"{figures['memory']}, of these users"),
            ("file, for an account", f"{figures['file']}"),
        ]
    )
    return report
