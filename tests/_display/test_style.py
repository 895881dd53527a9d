"""Every colour of the tables can be read, in light and in dark."""

import pytest

from publora_async._display.style import _COLOURS, STYLE

PAIRS = [
    *((text, ground) for text in ("text", "quiet") for ground in ("ground", "head")),
    ("bad-text", "ground"),
    *((f"{health}-text", health) for health in ("good", "soon", "bad", "unsure")),
]


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("pair", PAIRS, ids="-on-".join)
def test_text_has_the_contrast_of_wcag_aa(pair: tuple[str, str], theme: int) -> None:
    dark, light = sorted(luminance(_COLOURS[name][theme]) for name in pair)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_style_fetches_nothing_and_stays_within_its_tables() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "<" not in STYLE
    rules = [rule.rpartition("{")[0] for rule in STYLE.split("}") if "{" in rule]
    strays = [rule for rule in rules if ".publora-" not in rule]
    assert strays == []
