"""Runs the benchmarks: all of them, or those named."""

import argparse
import importlib
import pkgutil

import benchmarks


def main() -> None:
    """Run the named benchmarks one after the other."""
    found = {
        module.name: importlib.import_module(f"benchmarks.{module.name}")
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if not module.name.startswith("_")
    }
    questions = "\n".join(
        f"  {name:16} {(module.__doc__ or '').strip().splitlines()[0]}"
        for name, module in found.items()
    )
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the SDK on this machine, over loopback.",
        epilog=f"benchmarks:\n{questions}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones; all by default")
    parser.add_argument("--quick", action="store_true", help="only see that they work")
    asked = parser.parse_args()
    if unknown := set(asked.names) - found.keys():
        parser.error(f"there is no benchmark called {', '.join(sorted(unknown))}")
    for name in asked.names or found:
        found[name].run(quick=asked.quick)


if __name__ == "__main__":
    main()
