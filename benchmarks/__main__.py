"""Runs the benchmarks: all of them, or those named."""

import argparse
import importlib
import json
import pkgutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import attrs

import benchmarks
from benchmarks._goals import GOALS, show_goals, verdict
from benchmarks._machine import machine
from benchmarks._results import Report


def main() -> None:
    """Run the named benchmarks one after the other, and judge the goals."""
    found = {
        module.name: importlib.import_module(f"benchmarks.{module.name}")
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if not module.name.startswith(("_", "test_"))
    }
    parser = _parser(found)
    asked = parser.parse_args()
    if unknown := set(asked.names) - found.keys():
        parser.error(f"there is no benchmark called {', '.join(sorted(unknown))}")
    if asked.chart and not find_spec("matplotlib"):
        parser.error("a chart needs matplotlib: pip install '.[bench]'")
    where = machine()
    for what, value in where.items():
        print(f"{what}: {value}")
    short = [name for name in found if asked.quick or not getattr(found[name], "LONG", False)]
    reports = {name: found[name].run(quick=asked.quick) for name in asked.names or short}
    show_goals(reports, quick=asked.quick)
    if asked.json:
        asked.json.write_text(json.dumps(_document(where, reports), indent=1, default=str))
    if asked.chart:
        from benchmarks._chart import draw

        draw(list(reports.values()), _line(where), asked.chart)


def _parser(found: Mapping[str, ModuleType]) -> argparse.ArgumentParser:
    questions = "\n".join(
        f"  {name:12} {(module.__doc__ or '').partition(chr(10))[0]}"
        for name, module in found.items()
    )
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the SDK on this machine, over loopback.",
        epilog=f"benchmarks:\n{questions}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="which ones; by default all but soak"
    )
    parser.add_argument("--quick", action="store_true", help="only see that they work")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round to FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE.png", help="draw a chart")
    return parser


def _document(where: Mapping[str, object], reports: Mapping[str, Report]) -> dict[str, object]:
    goals = [
        {
            "benchmark": goal.benchmark,
            "what": goal.what,
            "base": attrs.asdict(verdict(goal, reports.get(goal.benchmark), "base")),
            "speed": attrs.asdict(verdict(goal, reports.get(goal.benchmark), "speed")),
        }
        for goal in GOALS
    ]
    measured = {name: attrs.asdict(report) for name, report in reports.items()}
    return {"machine": where, "goals": goals, "benchmarks": measured}


def _line(where: Mapping[str, object]) -> str:
    return f"{where['python']}, {where['system']}, {where['cores']} cores"


if __name__ == "__main__":
    main()
