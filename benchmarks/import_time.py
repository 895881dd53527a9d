"""How long do the imports take, each in a fresh interpreter, against aiohttp's?"""

import subprocess
import sys
from statistics import median

from benchmarks._contender import ROOT, speed_installed
from benchmarks._results import Bar, Report, Sample, ratios
from benchmarks._table import columns, heading

__all__ = ["run"]

_MODULES = ("aiohttp", "publora_async", "publora_sync")

# The tree's own packages first: -I leaves out the directory it is run in.
_CODE = """
import sys
sys.path.insert(0, {root!r})
{hide}
from time import perf_counter, process_time
wall, cpu = perf_counter(), process_time()
import {module}
print(perf_counter() - wall, process_time() - cpu)
"""

_HIDE = "sys.modules['orjson'] = sys.modules['uvloop'] = None"


def _import(module: str, form: str) -> Sample:
    code = _CODE.format(root=str(ROOT), hide="" if form == "speed" else _HIDE, module=module)
    done = subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-I", "-c", code], stdout=subprocess.PIPE, check=True, text=True
    )
    wall, cpu = map(float, done.stdout.split())
    return Sample(wall, cpu)


def run(*, quick: bool = False) -> Report:
    """Import in turns; the first turn, which may have to compile, does not count."""
    rounds = 2 if quick else 20
    contenders = {module: (module, "base") for module in _MODULES}
    if speed_installed():
        contenders["publora_async +speed"] = ("publora_async", "speed")
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name in contenders if number % 2 else reversed(contenders):
            sample = _import(*contenders[name])
            if number:
                samples[name].append(sample)
    report = Report("import_time", __doc__, {"rounds": rounds}, samples=samples)
    against = {name: ratios(taken, samples["aiohttp"]) for name, taken in samples.items()}
    report.figures["aiohttp"] = against["publora_async"]
    report.bars = [Bar(name, figure, name != "aiohttp") for name, figure in against.items()]
    report.scale = "time, x aiohttp"
    heading(report)
    rows = [("import", "ms", "wall x aiohttp", "CPU x")]
    for name, figure in against.items():
        took = median(sample.wall for sample in samples[name]) * 1e3
        rows.append((name, f"{took:.1f}", str(figure), f"{median(figure.cpu):.2f}"))
    columns(rows)
    return report
