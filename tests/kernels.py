"""Runs cells in a kernel of its own, since none need be registered where the tests run."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from publora_async.sandbox import Sandbox

__all__ = ["execute", "install_kernel", "notebook_of"]

_NAME = "publora-tests"


def install_kernel(folder: Path, sandbox: Sandbox, environ: pytest.MonkeyPatch) -> None:
    """Have a kernel that knows *sandbox*; all that Jupyter writes is in *folder*."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        environ.setenv(name, str(folder / name.lower()))
    environ.setenv("JUPYTER_PATH", str(folder))
    environ.setenv("PUBLORA_BASE_URL", sandbox.base_url)
    environ.setenv("PUBLORA_API_KEY", sandbox.api_key)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Publora's tests",
        "language": "python",
    }
    kernel = folder / "kernels" / _NAME
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps(spec), "utf-8")


def notebook_of(*cells: str) -> Any:  # noqa: ANN401  # its library has no types
    """Make a notebook of code."""
    made = map(nbformat.v4.new_code_cell, cells)
    return nbformat.v4.new_notebook(cells=[*made])  # type: ignore[no-untyped-call]  # no types


async def execute(
    notebook: Any,  # noqa: ANN401  # its library has no types
    folder: Path,
    meanwhile: Callable[[nbclient.NotebookClient], Awaitable[object]] | None = None,
) -> None:
    """
    Run all cells in a new kernel, which works in *folder*; an error is an output, too.

    Args:
        notebook: What to run.
        folder: Where.
        meanwhile: What to do beside, such as to interrupt a cell. ``None``: nothing.
    """
    client = nbclient.NotebookClient(
        notebook,
        kernel_name=_NAME,
        resources={"metadata": {"path": str(folder)}},
        allow_errors=True,
        timeout=60,  # for a cell that would hang
    )
    beside = meanwhile(client) if meanwhile else asyncio.sleep(0)
    await asyncio.gather(client.async_execute(), beside)
