"""Tables as HTML: escaped, bounded, and asking nobody for anything."""

from html.parser import HTMLParser

import pytest

from publora_async._display.markup import Markup, render
from publora_async._display.style import STYLE
from publora_async._display.words import Cell, Table

EVIL = "<script>alert('&')</script>\" onmouseover=\"alert(1)"
SAFE = "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;&quot; onmouseover=&quot;alert(1)"


def body(table: Table, *, images: bool = False) -> str:
    """The HTML without what is around every table."""
    before = f'<div class="publora-shown"><style>{STYLE}</style><div class="publora-frame">'
    shown = render(table, images=images)
    assert shown.startswith(before)
    assert shown.endswith("</div></div>")
    return shown.removeprefix(before).removesuffix("</div></div>")


class Tags(HTMLParser):
    """Collects the tags with their attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_table_has_a_caption_headers_and_what_is_left_out() -> None:
    rows = [(Cell("Zoë", "@zoe"), Cell("✓ valid", "", "good")), (Cell("Bo"), Cell("-"))]
    assert body(Table("2 accounts", ("Account", "Health"), rows, 1200, "1 of 3 failed")) == (
        '<p class="publora-caption"><bdi>2 accounts</bdi><span class="publora-alarm">'
        '<span aria-hidden="true">✗</span> <bdi>1 of 3 failed</bdi></span></p>'
        '<div class="publora-scroll" tabindex="0" role="group" aria-label="2 accounts">'
        '<table class="publora-table" aria-label="2 accounts">'
        '<thead><tr><th scope="col">Account</th><th scope="col">Health</th></tr></thead><tbody>'
        '<tr><th scope="row" class="publora-name"><bdi>Zoë</bdi>'
        '<span class="publora-note"><bdi>@zoe</bdi></span></th>'
        '<td><span class="publora-pill publora-good"><span aria-hidden="true">✓</span> '
        "<bdi>valid</bdi></span></td></tr>"
        '<tr><th scope="row" class="publora-name"><bdi>Bo</bdi></th><td><bdi>-</bdi></td></tr>'
        '</tbody><tfoot><tr><td colspan="2">and 1,200 more, which are not shown'
        '<span class="publora-alarm"><span aria-hidden="true">✗</span> <bdi>1 of 3 failed</bdi>'
        "</span></td></tr></tfoot></table></div>"
    )


def test_a_card_has_its_titles_at_the_side() -> None:
    assert body(Table("user", rows=[(Cell("Name"), Cell("Zoë"))])) == (
        '<p class="publora-caption"><bdi>user</bdi></p>'
        '<div class="publora-scroll" tabindex="0" role="group" aria-label="user">'
        '<table class="publora-table" aria-label="user"><tbody>'
        '<tr><th scope="row" class="publora-title"><bdi>Name</bdi></th><td><bdi>Zoë</bdi></td></tr>'
        "</tbody></table></div>"
    )


def test_without_rows_there_is_the_caption_alone() -> None:
    caption = '<p class="publora-caption"><bdi>no accounts</bdi></p>'
    assert body(Table("no accounts", ("Account",))) == caption


def test_every_text_is_escaped() -> None:
    cell = Cell(EVIL, EVIL, "", EVIL, f"https://a.example/{EVIL}")
    pill = Cell(f"{EVIL} {EVIL}", health="bad")
    table = Table(EVIL, (EVIL, EVIL, EVIL), [(cell, cell, pill)], alarm=EVIL)
    for images in (False, True):
        shown = body(table, images=images)
        tags = Tags(shown)
        assert tags.open == []
        expected = {"p", "bdi", "span", "div", "table", "thead", "tr", "th", "tbody", "td", "tfoot"}
        assert {name for name, _ in tags.found} == expected | ({"img"} if images else set())
        names = {name for _, found in tags.found for name in found}
        assert {name for name in names if name.startswith("on")} == set()
        assert SAFE in shown


def test_a_long_text_is_cut_with_the_whole_in_its_title() -> None:
    cells = (Cell("n" * 300, most=28), Cell("e" * 300, "i" * 300), Cell("h" * 300, most=28))
    shown = body(Table("", ("A", "B", "C"), [cells]))
    assert f'"publora-name"><bdi title="{"n" * 300}">{"n" * 27}…</bdi>' in shown
    assert f'<td class="publora-long"><bdi title="{"e" * 300}">{"e" * 79}…</bdi>' in shown
    assert f'<bdi title="{"i" * 300}">{"i" * 79}…</bdi>' in shown
    assert f'<td><bdi title="{"h" * 300}">{"h" * 27}…</bdi>' in shown
    bounded = body(Table("", ("A",), [(Cell("n" * 5_000_000),)]))
    assert len(bounded) < 1500


def test_a_title_of_its_own_is_shown_beside_the_text() -> None:
    cell = Cell("2026-10-08", title="2026-10-08 19:30 UTC")
    shown = body(Table("", ("A",), [(cell,)]))
    assert '<bdi title="2026-10-08 19:30 UTC">2026-10-08</bdi>' in shown


def test_a_picture_is_shown_only_where_it_is_asked_for() -> None:
    table = Table("", ("A",), [(Cell("Zoë", image="https://a.example/z.jpg?a=1&b=2"),)])
    assert "a.example" not in body(table)
    assert (
        '<img class="publora-image" src="https://a.example/z.jpg?a=1&amp;b=2" alt="" width="32" '
        'height="32" loading="lazy" decoding="async" referrerpolicy="no-referrer"><bdi>Zoë</bdi>'
    ) in body(table, images=True)


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "http://a.example/z.jpg",
        "//a.example/z.jpg",
        "/z.jpg",
        "javascript:alert(1)",
        "data:image/svg+xml,<svg>",
        "https://a.example/\ud800",
        "https://a.example/\n",
    ],
)
def test_a_picture_that_is_not_at_an_https_address_is_not_shown(address: str | None) -> None:
    table = Table("", ("A",), [(Cell("Zoë", image=address),)])
    assert body(table, images=True) == body(table)


def test_html_is_text_that_notebooks_and_templates_take_as_it_is() -> None:
    shown = Markup("<p>&amp;</p>")
    assert shown == "<p>&amp;</p>"
    assert (repr(shown), shown._repr_html_(), shown.__html__()) == (
        "<HTML of 12 characters>",
        "<p>&amp;</p>",
        "<p>&amp;</p>",
    )
    assert type(shown._repr_html_()) is str
