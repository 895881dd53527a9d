"""Draws docs/table.svg: what `publora connections --sandbox` shows in a terminal."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 113
COMMAND = ["publora", "connections", "--sandbox"]

terminal, end = pty.openpty()
fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
process = subprocess.Popen(  # noqa: S603  # our own command
    [sys.executable, "-m", "publora_sync", *COMMAND[1:]],
    stdout=end,
    stderr=subprocess.DEVNULL,
    env={**os.environ, "TERM": "xterm-256color"},
)
os.close(end)
pieces = []
with suppress(OSError):  # what Linux gives at a terminal's end
    while piece := os.read(terminal, 4096):
        pieces.append(piece)
if process.wait():
    sys.exit("the command failed")
shown = b"".join(pieces).decode()

screen = Console(record=True, width=COLUMNS, file=io.StringIO())
screen.print(Text("$ " + " ".join(COMMAND), "bold"))
screen.print(Text.from_ansi(shown.replace("\r\n", "\n")))
svg = screen.export_svg(title="publora", unique_id="publora")
# Nothing is loaded from elsewhere: the reader's own monospaced font will do.
svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
Path("docs", "table.svg").write_text(svg.replace("Fira Code, monospace", "monospace"), "utf-8")
