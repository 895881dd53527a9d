"""Prints the lowest version that pyproject.toml allows of each package that users get."""

import re
import tomllib
from pathlib import Path

EXTRAS = ("arrow", "cli", "dask", "excel", "otel", "pandas", "plot", "polars", "progress", "speed")

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
for requirement in [
    *project["dependencies"],
    *(one for extra in EXTRAS for one in extras[extra]),
]:
    name, version = re.fullmatch(
        r"([\w-]+)>=([\w.]+)(?:;.*)?", requirement.replace(" ", "")
    ).groups()
    print(f"{name}=={version}")
