"""Has each Python process that finds it say which threads and sockets it has as it exits."""

import atexit
import os
import signal
import socket
import threading
import warnings
from contextlib import suppress
from pathlib import Path


def _sockets() -> list[str]:
    found = []
    folder = Path("/proc/self/fd")
    for link in folder.iterdir() if folder.exists() else ():
        # It may be no socket, or gone by now.
        with suppress(OSError), socket.socket(fileno=os.dup(int(link.name))) as one:
            if one.family != socket.AF_UNIX:  # uvloop leaves one of a pair for signals
                host, port, *_ = one.getpeername()
                found.append(f"a socket to {host}:{port}")
    return found


def _tell() -> None:
    threads = [f"the thread {one.name}" for one in threading.enumerate()[1:]]
    path = Path(os.environ["PLACES_LEFT"], str(os.getpid()))
    path.write_text("\n".join([*threads, *_sockets()]), "utf-8")


def _die(number: int, _: object) -> None:
    _tell()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


# Left out here, as what is said of it while the interpreter ends is said in pieces, among which
# those of other processes come.
warnings.filterwarnings(
    "ignore", f"unclosed (file )?({os.environ['PLACES_UNCLOSED']})", ResourceWarning
)
# What is registered first is called last.
atexit.register(_tell)
# uvicorn ends itself with the signal that it got, once all is closed, and so without an exit.
signal.signal(signal.SIGTERM, _die)
