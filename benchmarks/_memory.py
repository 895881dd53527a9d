"""How much memory a process has taken; Linux tells."""

from pathlib import Path

__all__ = ["peak_bytes"]


def peak_bytes() -> int:
    """
    Give the most memory that this process has held at once.

    Not ``ru_maxrss``: that begins with what the parent held when it started this process.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not tell a process's peak memory")
