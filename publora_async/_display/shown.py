"""What shows itself: as a table in a notebook, as aligned text in IPython."""

from abc import abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from publora_async._checks import check_count, check_moment
from publora_async._introspection import LazyModule

if TYPE_CHECKING:
    from publora_async._display import words
else:
    words = LazyModule("publora_async._display.words")

__all__ = ["Shown"]

_ROWS = 100
_ROWS_IN_TERMINAL = 20


class Printer(Protocol):
    """IPython's pretty printer."""

    def text(self, text: str, /) -> object:
        """Print *text*."""


class Shown:
    """A record or a list that shows itself."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        # IPython takes a class's own __repr__ before the _repr_pretty_ of its bases.
        cls._repr_pretty_ = cls._repr_pretty_  # type: ignore[method-assign]  # its own, then

    @abstractmethod
    def _table(self, now: datetime, most: int, /) -> "words.Table":
        """Give at most *most* rows, with times told from *now*."""

    def to_html(
        self, *, show_images: bool = False, max_rows: int = 100, now: datetime | None = None
    ) -> str:
        """
        Write it as an HTML table, which a notebook shows as such.

        Every value is escaped. It loads nothing from anywhere, but for the pictures.

        Args:
            show_images: Whether to show the accounts' pictures. Whoever opens the page then
                fetches them from wherever they are: over https, without saying from which page.

            max_rows: How many rows to write; the others are counted.

            now: The moment to judge by, aware. ``None``: the present one.

        Raises:
            ConfigurationError: *max_rows* is no whole number above 0, or *now* no aware datetime.
        """
        from publora_async._display.markup import render

        most = check_count("max_rows", max_rows)
        return render(self._table(check_moment("now", now), most), images=show_images)

    def _repr_html_(self) -> str:
        return str(self.to_html(max_rows=_ROWS))

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:  # noqa: FBT001, ARG002  # IPython's
        from publora_async._display.text import render

        printer.text(render(self._table(datetime.now(UTC), _ROWS_IN_TERMINAL)))
