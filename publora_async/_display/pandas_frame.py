"""A pandas frame that goes into a spreadsheet as it is, although its times have a zone."""

from functools import wraps
from typing import Any

import pandas as pd

__all__ = ["PandasFrame"]


class _Alike(type):
    def __instancecheck__(cls, one: object) -> bool:
        # assert_frame_equal() asks it of a plain frame, and would find the two unequal.
        return isinstance(one, pd.DataFrame)


class PandasFrame(pd.DataFrame, metaclass=_Alike):
    """
    A ``pandas.DataFrame`` whose ``to_excel()`` leaves out the zones, which Excel does not know.

    Times are written as they are shown. What pandas makes of it is such a frame, too; what is
    pickled is pandas' own, for those who do not have this class.
    """

    # By which Streamlit's cache, among others, knows a frame.
    __module__, __qualname__ = pd.DataFrame.__module__, pd.DataFrame.__qualname__

    @property
    def _constructor(self) -> type["PandasFrame"]:
        return PandasFrame

    @wraps(pd.DataFrame.to_excel)
    def to_excel(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # pandas'
        plain = pd.DataFrame(self)
        for at, kind in enumerate(plain.dtypes):
            if isinstance(kind, pd.DatetimeTZDtype):
                plain.isetitem(at, plain.iloc[:, at].dt.tz_localize(None))
        plain.index, plain.columns = map(_without_zone, (plain.index, plain.columns))
        plain.to_excel(*args, **kwargs)

    def __reduce__(self) -> Any:  # noqa: ANN401  # as object's
        return pd.DataFrame, (), self.__getstate__()


def _without_zone(index: pd.Index) -> pd.Index:
    if isinstance(index, pd.MultiIndex):
        return index.set_levels([_without_zone(level) for level in index.levels])
    return index.tz_localize(None) if isinstance(index, pd.DatetimeIndex) else index
