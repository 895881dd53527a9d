"""
Tables as HTML, for notebooks, pages and mails.

Every text is escaped, and kept from turning the direction of what stands beside it. Nothing is
fetched from anywhere, but for pictures where the caller asks for them.
"""

from collections.abc import Iterator
from html import escape

from publora_async._display.style import STYLE
from publora_async._display.words import Cell, Table, cut, number_of

__all__ = ["Markup", "render"]

_LONG = 30
_MOST_TITLE = 1000


class Markup(str):
    """HTML that a notebook shows as such, and that Jinja and Django do not escape again."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<HTML of {number_of(len(self), 'character')}>"

    def _repr_html_(self) -> str:
        return str(self)

    def __html__(self) -> str:
        return str(self)


def render(table: Table, *, images: bool = False) -> Markup:
    """
    Write *table* as HTML.

    Args:
        table: What to show.
        images: Whether to show pictures, which a browser fetches from wherever they are.
    """
    return Markup("".join(_parts(table, images=images)))


def _parts(table: Table, *, images: bool) -> Iterator[str]:
    yield f'<div class="publora-shown"><style>{STYLE}</style><div class="publora-frame">'
    # No <caption>: it would be as wide as the table, and scroll away with it.
    yield f'<p class="publora-caption">{_text(table.caption, _MOST_TITLE)}'
    yield f"{_alarm(table)}</p>"
    if table.rows:
        yield from _table(table, images=images)
    yield "</div></div>"


def _table(table: Table, *, images: bool) -> Iterator[str]:
    label = f'aria-label="{escape(cut(table.caption, _MOST_TITLE))}"'
    # Whoever has no pointer scrolls with the keys, for which it must take the focus.
    yield f'<div class="publora-scroll" tabindex="0" role="group" {label}>'
    yield f'<table class="publora-table" {label}>'
    if table.columns:
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
        yield f"<thead><tr>{head}</tr></thead>"
    kind = "publora-name" if table.columns else "publora-title"
    yield "<tbody>"
    for first, *others in table.rows:
        name = _cell(first, images=images)
        yield f'<tr><th scope="row" class="{kind}">{name}</th>'
        for cell in others:
            long = ' class="publora-long"' if len(cell.text) > _LONG and cell.most > _LONG else ""
            yield f"<td{long}>{_cell(cell, images=images)}</td>"
        yield "</tr>"
    yield "</tbody>"
    more = f"and {table.left_out:,} more, which are not shown" if table.left_out else ""
    # Once more: whoever has come to the end of a long table no longer sees its caption.
    if last := more + _alarm(table):
        yield f'<tfoot><tr><td colspan="{len(table.columns)}">{last}</td></tr></tfoot>'
    yield "</table></div>"


def _alarm(table: Table) -> str:
    if not table.alarm:
        return ""
    alarm = f"{_MARK.format('✗')} {_text(table.alarm, _MOST_TITLE)}"
    return f'<span class="publora-alarm">{alarm}</span>'


_MARK = '<span aria-hidden="true">{}</span>'


def _cell(cell: Cell, *, images: bool) -> str:
    text = _text(cell.text, cell.most, cell.title)
    if cell.health:
        mark, _, words = cell.text.partition(" ")
        pill = f"{_MARK.format(escape(mark))} {_text(words, cell.most)}"
        text = f'<span class="publora-pill publora-{cell.health}">{pill}</span>'
    note = f'<span class="publora-note">{_text(cell.note, cell.most)}</span>' if cell.note else ""
    return f"{_image(cell.image) if images else ''}{text}{note}"


def _text(text: str, most: int, title: str = "") -> str:
    shown = cut(text, most)
    if not title and shown != text:
        title = text
    about = f' title="{escape(cut(title, _MOST_TITLE))}"' if title else ""
    return f"<bdi{about}>{escape(shown)}</bdi>"


def _image(address: str | None) -> str:
    # Pictures over plain HTTP would tell everybody on the way whose accounts are looked at.
    if not (address and address.lower().startswith("https://") and address.isprintable()):
        return ""
    return (
        f'<img class="publora-image" src="{escape(address)}" alt="" width="32" height="32" '
        'loading="lazy" decoding="async" referrerpolicy="no-referrer">'
    )
