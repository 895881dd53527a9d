"""What lists can do with their rows: become data frames, and be plotted."""

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from publora_async._checks import check_count, check_moment
from publora_async._display import frames
from publora_async._display.shown import Shown
from publora_async._introspection import LazyModule
from publora_async.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from matplotlib import axes as mpl
else:
    pd, pl, pa = LazyModule("pandas"), LazyModule("polars"), LazyModule("pyarrow")
    mpl = LazyModule("matplotlib.axes")

__all__ = ["Framed", "Plotted"]


class Framed(Shown):
    """A list whose rows become a data frame."""

    __slots__ = ()

    _COLUMNS: ClassVar[Mapping[str, frames.Kind]]

    @abstractmethod
    def _rows(self, now: datetime) -> Sequence[Mapping[str, object]]:
        """Give the rows, as they are at *now*."""

    def to_pandas(self, *, time_zone: bool = True) -> "pd.DataFrame":
        """
        The rows of :meth:`to_records` as a pandas frame; times are ``datetime64`` in UTC.

        Each column has the same type whatever the frame holds, also if it is empty. A flag or a
        number that may be missing has pandas' nullable type. Its ``to_excel()``, and that of the
        frames made from it, leaves out the zones, which Excel does not know.

        Args:
            time_zone: Whether the times say that they are in UTC. ``False`` is for what knows no
                time zones.

        Raises:
            ImportError: pandas is not installed.
        """
        return frames.to_pandas(self._rows(datetime.now(UTC)), self._COLUMNS, time_zone=time_zone)

    def to_polars(self, *, time_zone: bool = True) -> "pl.DataFrame":
        """
        The rows of :meth:`to_records` as a polars frame; times are ``Datetime`` in UTC.

        Each column has the same type whatever the frame holds, also if it is empty. Its
        ``write_excel()`` leaves out the zones, which Excel does not know; that of a frame made
        from it does not.

        Args:
            time_zone: Whether the times say that they are in UTC. ``False`` is for what knows no
                time zones, such as ``write_excel()`` of a frame made from this one.

        Raises:
            ImportError: polars is not installed.
        """
        return frames.to_polars(self._rows(datetime.now(UTC)), self._COLUMNS, time_zone=time_zone)

    def to_arrow(self, *, time_zone: bool = True) -> "pa.Table":
        """
        The rows of :meth:`to_records` as an Arrow table; times are ``timestamp`` in UTC.

        Each column has the same type whatever the table holds, also if it is empty.

        Args:
            time_zone: Whether the times say that they are in UTC. ``False`` is for spreadsheets,
                which know no time zones.

        Raises:
            ImportError: pyarrow is not installed.
        """
        return frames.to_arrow(self._rows(datetime.now(UTC)), self._COLUMNS, time_zone=time_zone)

    def to_excel(self, path: str | os.PathLike[str]) -> None:
        """
        Write the rows of :meth:`to_records` into an Excel file (extra: excel).

        Times are in UTC, and say so nowhere, as a spreadsheet knows no time zones. Text stays
        text: a name such as ``=HYPERLINK(...)`` is shown and does not run, as it would after
        pandas' own ``to_excel()``.

        Args:
            path: Where to; a file that is there is replaced.

        Raises:
            ImportError: xlsxwriter is not installed.
            ConfigurationError: There are more rows than a sheet can hold.
            OSError: The file cannot be written.
        """
        from publora_async._display.spreadsheet import to_excel

        to_excel(self._rows(datetime.now(UTC)), list(self._COLUMNS), path)


class Plotted(Framed):
    """A list of accounts that can be plotted."""

    __slots__ = ()

    def _alarm(self) -> str:
        """Say what could not be found out. Empty if nothing."""
        return ""

    def plot(
        self,
        kind: Literal["health", "expiries"] = "health",
        *,
        ax: "mpl.Axes | None" = None,
        weeks: int = 8,
        now: datetime | None = None,
    ) -> "mpl.Axes":
        """
        Plot the accounts with matplotlib (extra: plot).

        Users who failed are counted in the title.

        Args:
            kind: ``"health"``: how many accounts of each platform are in which state.
                ``"expiries"``: how many expire in each of the coming weeks.

            ax: The axes to draw in. ``None``: axes in a figure of their own.
            weeks: How many weeks ahead ``"expiries"`` looks.
            now: The moment to judge by, aware. ``None``: the present one.

        Returns:
            The axes, for whatever is to be changed.

        Raises:
            ConfigurationError: *kind* is neither of the two, *weeks* is no whole number above 0,
                or *now* is no aware datetime.
            ImportError: matplotlib is not installed.
        """
        from publora_async._display.plot import plot_expiries, plot_health

        if kind not in {"health", "expiries"}:
            raise ConfigurationError(f"kind must be 'health' or 'expiries', not {kind!r}")
        check_count("weeks", weeks)
        moment = check_moment("now", now)
        rows = [row for row in self._rows(moment) if row["platform_id"] is not None]
        if kind == "health":
            return plot_health(rows, self._alarm(), ax)
        return plot_expiries(rows, self._alarm(), ax, weeks=weeks, now=moment)
