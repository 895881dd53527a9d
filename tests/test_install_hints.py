"""
What we tell people to install.

``publora`` is not ours on the package index: whoever registers it would be installed on our advice.
"""

import re
import tomllib
from pathlib import Path

import pytest
from surface import ROOT

HINT = re.compile(r"pip install( [^\"`#&|\\\n]+)")
NAME = re.compile(r"(?<=[\s'])[^\s')-][^\s')]*")

PEOPLE_READ = sorted(
    path
    for pattern in ("publora_*/**/*.py", "tests/places/*.ipynb", "docs/*.md", "*.md")
    for path in ROOT.glob(pattern)
)


def distributions() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = sum(project["optional-dependencies"].values(), project["dependencies"])
    return {re.split(r"[\[<>=;]", requirement)[0] for requirement in requirements} - {"publora"}


def hints(text: str) -> list[str]:
    return [name for hint in HINT.findall(text) for name in NAME.findall(hint)]


def is_ours(name: str) -> bool:
    return name.startswith(".") or name in distributions()


def test_hints_are_found_and_the_name_that_is_not_ours_is_none() -> None:
    told = "needs pandas: pip install 'publora[pandas]'\")\n`pip install -q -e '.[test]' uv`"
    assert hints(told) == ["publora[pandas]", ".[test]", "uv"]
    assert [is_ours(name) for name in hints(told)] == [False, True, False]


@pytest.mark.parametrize("path", PEOPLE_READ, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_an_install_hint_names_this_folder_or_what_it_requires(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [name for name in hints(text) if not is_ours(name)] == []
    assert "publora[" not in text
