"""Is anything lost or left behind in 100,000 calls of a service that fails in every way?"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from benchmarks._contender import ROOT
from benchmarks._faulty import FOLLOWED, OUTAGE, PERIOD
from benchmarks._results import Report
from benchmarks._table import columns, heading

__all__ = ["LONG", "run"]

LONG: Final = True
"""It takes minutes, so it runs only where it is named."""

_SEED = 32


@contextmanager
def _faulty() -> Iterator[tuple[str, dict[str, int]]]:
    """The service, in a process of its own; tells at the end what it has done."""
    process = subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, "-m", "benchmarks._faulty", str(_SEED)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    done: dict[str, int] = {}
    try:
        yield process.stdout.readline().strip() if process.stdout else "", done
    finally:
        done.update(json.loads(process.communicate()[0] or "{}"))


def _ask(colour: str, calls: int, base_url: str) -> dict[str, Any]:
    begun = time.perf_counter()
    done = subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-m", "benchmarks._soak_mix", colour, str(calls), str(_SEED), base_url],
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
    )
    seen: dict[str, Any] = json.loads(done.stdout)
    return {**seen, "seconds": time.perf_counter() - begun}


def run(*, quick: bool = False) -> Report:
    """
    Ask in both colours, one after the other; see what there was before and after.

    Raises:
        AssertionError: A process holds more than before, or an answer came under another's id,
            or a call came to nothing, or a redirect was followed.
    """
    calls = 1_000 if quick else 50_000
    facts = {
        "calls": f"{calls:,} of each colour",
        "seed": _SEED,
        "outages": f"{OUTAGE:g} s in each {PERIOD:g} s",
    }
    report = Report("soak", __doc__, facts)
    heading(report)
    with _faulty() as (base_url, done):
        seen = {colour: _ask(colour, calls, base_url) for colour in ("async", "sync")}
    _show(seen, done)
    report.facts = {**report.facts, "seen": seen, "service": done}
    for colour, found in seen.items():
        _judge(colour, found, calls)
    if done.get(FOLLOWED):
        raise AssertionError(f"{done[FOLLOWED]} redirects were followed")
    return report


def _show(seen: Mapping[str, Mapping[str, Any]], done: Mapping[str, int]) -> None:
    rows: list[tuple[str, ...]] = [("", "", "descriptors", "threads", "tasks", "memory MB", "s")]
    for colour, found in seen.items():
        for when in ("before", "half-way", "after"):
            *counts, memory = found["held"][when].values()
            seconds = f"{found['seconds']:.0f}" if when == "after" else ""
            rows.append((colour, when, *map(str, counts), f"{memory / 1e6:.1f}", seconds))
    columns(rows)
    outcomes = {kind for found in seen.values() for kind in found["outcomes"]}
    rows = [("came of a call", *seen)]
    for kind in sorted(outcomes):
        rows.append((kind, *(str(found["outcomes"].get(kind, 0)) for found in seen.values())))
    print()
    columns(rows)
    print()
    columns([("the service did", "times"), *((what, str(done[what])) for what in sorted(done))])


def _judge(colour: str, found: Mapping[str, Any], calls: int) -> None:
    before, after = found["held"]["before"], found["held"]["after"]
    for what in ("descriptors", "threads", "tasks"):
        if after[what] > before[what]:
            raise AssertionError(f"{colour}: {before[what]} {what} before, {after[what]} after")
    if found["foreign"]:
        raise AssertionError(f"{colour}: {found['foreign']}")
    came = sum(found["outcomes"].values())
    if came != calls:
        raise AssertionError(f"{colour}: {came} outcomes of {calls} calls")
