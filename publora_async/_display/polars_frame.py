"""A polars frame that goes into a spreadsheet as it is, although its times have a zone."""

from functools import wraps
from typing import TYPE_CHECKING, Any

import polars as pl
from polars import selectors

if TYPE_CHECKING:
    from xlsxwriter import Workbook

__all__ = ["PolarsFrame"]


class PolarsFrame(pl.DataFrame):
    """
    A ``polars.DataFrame`` whose ``write_excel()`` leaves out the zones, which Excel does not know.

    Times are written as they are shown. What polars makes of it is a frame of its own, and so is
    what is pickled, for those who do not have this class.
    """

    # By which Streamlit's cache, among others, knows a frame.
    __module__, __qualname__ = pl.DataFrame.__module__, pl.DataFrame.__qualname__

    @wraps(pl.DataFrame.write_excel)
    def write_excel(  # type: ignore[override]  # it has that signature, by wraps()
        self,
        *args: Any,  # noqa: ANN401  # polars'
        **kwargs: Any,  # noqa: ANN401  # polars'
    ) -> "Workbook":
        times = selectors.datetime(time_zone="*").dt.replace_time_zone(None)
        return pl.DataFrame(self).with_columns(times).write_excel(*args, **kwargs)

    def __reduce__(self) -> Any:  # noqa: ANN401  # as object's
        return pl.DataFrame, (), self.__getstate__()
