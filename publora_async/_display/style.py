"""The style of the tables: readable in light and in dark, and without colour."""

import re

__all__ = ["STYLE"]

# Each for light and for dark. Every text has a contrast of at least 4.5 to what it stands on, which
# is WCAG's AA.
_COLOURS = {
    "ground": ("#ffffff", "#15191f"),
    "text": ("#1f2328", "#e6edf3"),
    "quiet": ("#59636e", "#9aa4af"),
    "line": ("#d1d9e0", "#3a424c"),
    "head": ("#f4f6f8", "#1e242c"),
    "good": ("#d9f5e0", "#12351f"),
    "good-text": ("#0d4f20", "#86e5a6"),
    "soon": ("#fdeebf", "#3d2f05"),
    "soon-text": ("#624300", "#f3cf6e"),
    "bad": ("#ffe0dd", "#4b1518"),
    "bad-text": ("#8f1616", "#ffb5af"),
    "unsure": ("#e9edf1", "#2d333b"),
    "unsure-text": ("#3f4750", "#cbd3db"),
}

# A page says which of the two it is by its color-scheme. These do so in ways of their own:
# Jupyter, VS Code, Colab, Sphinx and marimo.
_LIGHT = ('body[data-jp-theme-light="true"]', "body.vscode-light", '[data-theme="light"]', ".light")
_DARK = (
    'body[data-jp-theme-light="false"]',
    "body.vscode-dark",
    'html[theme="dark"]',
    '[data-theme="dark"]',
    ".dark",
)


def _within(hosts: tuple[str, ...], scheme: str) -> str:
    inside = ",".join(f"{host} .publora-shown" for host in hosts)
    return f"{inside}{{color-scheme:{scheme}}}"


def _colours() -> str:
    # The first of each two is for browsers of before 2024, which know no light-dark().
    plain = ";".join(f"--p-{name}:{light}" for name, (light, _) in _COLOURS.items())
    both = ";".join(f"--p-{name}:light-dark({','.join(two)})" for name, two in _COLOURS.items())
    return (
        f".publora-shown{{{plain}}}"
        f"@supports (color:light-dark(#000,#fff)){{.publora-shown{{{both}}}}}"
    )


# Doubled class names outdo a notebook's own rules for tables.
_RULES = """
.publora-shown { margin: 4px 0 8px; font-size: 13px; line-height: 1.4; color: var(--p-text) }
.publora-shown .publora-frame {
  width: fit-content; max-width: 100%; box-sizing: border-box; overflow: hidden;
  border: 1px solid var(--p-line); border-radius: 6px; background: var(--p-ground);
}
.publora-shown p.publora-caption.publora-caption {
  margin: 0; padding: 8px 12px; text-align: left; font-size: inherit; font-weight: 600;
}
.publora-shown .publora-alarm { display: block; color: var(--p-bad-text) }
.publora-shown .publora-scroll { max-height: 46em; overflow: auto }
.publora-shown .publora-scroll:focus-visible { outline: 2px solid #4c8dff; outline-offset: -2px }
.publora-table.publora-table.publora-table {
  margin: 0; border: 0; border-collapse: separate; border-spacing: 0; table-layout: auto;
  width: auto; min-width: 100%; font-size: inherit; color: inherit; background: none;
}
.publora-table.publora-table.publora-table tr,
.publora-table.publora-table.publora-table tr:hover { background: none }
.publora-table.publora-table.publora-table :is(th, td) {
  padding: 6px 12px; border: 0; border-top: 1px solid var(--p-line); text-align: left;
  vertical-align: top; font-weight: 400; white-space: nowrap; max-width: none; line-height: 1.4;
  background: var(--p-ground); color: var(--p-text);
}
.publora-table.publora-table.publora-table tr:hover > :is(th, td) { background: var(--p-head) }
.publora-table.publora-table.publora-table thead > tr > th {
  position: sticky; top: 0; z-index: 1; padding: 5px 12px; background: var(--p-head);
  border-bottom: 1px solid var(--p-line); color: var(--p-quiet); font-weight: 600;
}
.publora-table.publora-table.publora-table thead + tbody > tr:first-child > * { border-top: 0 }
.publora-table.publora-table.publora-table th.publora-name > bdi { font-weight: 600 }
.publora-table.publora-table.publora-table :is(tfoot td, .publora-title) { color: var(--p-quiet) }
.publora-table.publora-table.publora-table td.publora-long {
  white-space: normal; overflow-wrap: anywhere;
}
.publora-shown .publora-long > * { display: block; min-width: 15em; max-width: 22em }
.publora-shown .publora-note { display: block; font-size: 12px; color: var(--p-quiet) }
.publora-shown .publora-image {
  float: left; width: 32px; height: 32px; margin: 2px 10px 0 0; border-radius: 50%;
  object-fit: cover; background: var(--p-unsure);
}
.publora-shown .publora-pill {
  display: inline-block; padding: 0 8px; border: 1px solid transparent; border-radius: 10px;
  font-weight: 600; font-size: 12px;
}
@media print { .publora-shown .publora-scroll { max-height: none; overflow: visible } }
"""


def _pills() -> str:
    return "".join(
        f".publora-shown .publora-{health}"
        f"{{background:var(--p-{health});color:var(--p-{health}-text)}}"
        for health in ("good", "soon", "bad", "unsure")
    )


STYLE = _colours() + re.sub(r"\s*([{};,\n])\s*", r"\1", _RULES).replace("\n", "") + _pills()
STYLE += _within(_LIGHT, "light") + _within(_DARK, "dark")
"""As one line; every table brings it along, as a notebook keeps each cell's output for itself."""
