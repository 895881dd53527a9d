"""Prints the lowest version that pyproject.toml allows of each package that users get."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
for requirement in [
    *project["dependencies"],
    *extras["cli"],
    *extras["pandas"],
    *extras["polars"],
    *extras["progress"],
    *extras["speed"],
]:
    name, version = re.fullmatch(
        r"([\w-]+)>=([\w.]+)(?:;.*)?", requirement.replace(" ", "")
    ).groups()
    print(f"{name}=={version}")
