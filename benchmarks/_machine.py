"""What the measuring was done on, and what Linux tells of a process."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks._contender import ROOT, speed_installed

__all__ = ["cpu_seconds", "machine", "peak_bytes"]

_PACKAGES = (
    "aiohttp",
    "anyio",
    "attrs",
    "cattrs",
    "httpx",
    "msgspec",
    "niquests",
    "orjson",
    "pydantic",
    "requests",
    "uvloop",
)


def machine() -> dict[str, object]:
    """Say which computer, Python and packages there are; ``None``: not installed."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "tree": str(ROOT),
        "speed extra": "installed" if speed_installed() else "not installed: its column is empty",
        "packages": {package: _version(package) for package in _PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def peak_bytes() -> int:
    """
    Give the most memory that this process has held at once.

    Not ``ru_maxrss``: that begins with what the parent held when it started this process.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not tell a process's peak memory")


def cpu_seconds(pid: int) -> float:
    """Give the CPU seconds that a process has taken, all threads, and its children there are."""
    # The fields after the name, which is in parentheses and may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_seconds(int(child)) for child in children)
