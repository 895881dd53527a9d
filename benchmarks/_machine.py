"""What the measuring was done on."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from benchmarks._contender import ROOT, speed_installed

__all__ = ["machine"]

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
