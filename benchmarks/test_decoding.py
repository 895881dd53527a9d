"""
The decoders under pytest-benchmark: ``python -m pytest benchmarks/test_decoding.py``.

It shows a distribution where ``python -m benchmarks decoding`` shows ratios. All run in one
process here, so ours is the one with whatever of the ``speed`` extra is installed.
"""

from typing import Any

import pytest

from benchmarks import _decoders
from benchmarks._job import Task

pytest.importorskip("pytest_benchmark")


@pytest.mark.parametrize("accounts", [3, 100])
@pytest.mark.parametrize(
    ("decoder", "needs"),
    [
        ("publora", "publora_async"),
        ("pydantic", "pydantic"),
        ("msgspec", "msgspec"),
        ("stdlib", "json"),
        ("orjson", "orjson"),
    ],
)
def test_decoding(benchmark: Any, decoder: str, needs: str, accounts: int) -> None:  # noqa: ANN401
    """Decode an answer."""
    pytest.importorskip(needs)
    benchmark.group = f"{accounts} accounts"
    with getattr(_decoders, decoder)(Task(accounts=accounts)) as job:
        benchmark(job.run, 1)
