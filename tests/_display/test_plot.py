"""Plots of accounts, by health and by expiry."""

import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import matplotlib as mpl
import pytest

from publora_async import (
    ConfigurationError,
    Connection,
    ConnectionList,
    ServerError,
    UserConnections,
    UserConnectionsList,
    UserFailed,
    UserSucceeded,
)

mpl.use("agg")
import matplotlib.pyplot as plt  # after the choice of what draws
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def account(platform: str, days: float | None = None, status: str | None = None) -> Connection:
    date = None if days is None else NOW + days * DAY
    return Connection(
        platform_id=f"{platform}-1", access_token_expires_at=date, token_status=status
    )


ACCOUNTS = ConnectionList(
    [
        account("linkedin", 3),
        account("linkedin", 13.9),
        account("linkedin", -5),
        account("twitter"),
        account("twitter", 100),
        account("telegram", None, "unknown"),
        account("telegram", None, "on_hold"),
        account("telegram", 5, "expired"),
        account("linkedin", 6.99),
    ]
)
BOTH: list[UserConnections] = [
    UserSucceeded("u1", ACCOUNTS),
    UserFailed("u2", ServerError(503, "Service unavailable")),
]
MANY = UserConnectionsList(BOTH)


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def texts(axes: Axes) -> list[str]:
    """What stands in or at the bars."""
    axes.figure.canvas.draw()
    return [text.get_text() for text in axes.texts]


def ticks(axes: Axes, which: str) -> list[str]:
    return [text.get_text() for text in getattr(axes, f"get_{which}ticklabels")()]


def test_health_is_a_bar_for_each_platform_divided_by_status() -> None:
    axes = ACCOUNTS.plot(now=NOW)
    assert axes.get_title(loc="left") == (
        "9 accounts: 3 valid, 2 expiring soon, 2 expired, 1 on hold, 1 unknown"
    )
    assert ticks(axes, "y") == ["twitter", "telegram", "linkedin"]
    lengths = {bars.get_label(): [bar.get_width() for bar in bars] for bars in axes.containers}
    assert lengths == {
        "valid": [2, 1],
        "expiring soon": [2],
        "expired": [1, 1],
        "unknown": [1],
        "on hold": [1],
    }
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(lengths)
    assert texts(axes) == ["2", "1", "2", "1", "1", "1", "1"]


def test_a_bar_that_is_too_short_has_no_number() -> None:
    many = ConnectionList([account("twitter")] * 99 + [account("twitter", None, "expired")])
    assert texts(many.plot(now=NOW)) == ["99", ""]


def test_states_are_told_apart_without_colour() -> None:
    axes = ACCOUNTS.plot(now=NOW)
    looks = {
        (round(sum(to_rgb(bars[0].get_facecolor())) / 3, 1), bars[0].get_hatch())
        for bars in axes.containers
    }
    assert len(looks) == len(axes.containers) == 5


def test_expiries_are_a_bar_for_each_week() -> None:
    axes = ACCOUNTS.plot("expiries", weeks=3, now=NOW)
    assert axes.get_title(loc="left") == (
        "3 accounts expire within 3 weeks\n1 later, 3 without a date ahead, 2 expired already"
    )
    assert [bar.get_height() for bar in axes.patches] == [2, 1, 0]
    assert ticks(axes, "x") == ["1 Oct", "8 Oct", "15 Oct"]
    assert texts(axes) == ["2", "1", ""]


def test_one_account_in_one_week_is_told_in_the_singular() -> None:
    axes = ConnectionList([account("linkedin", 3)]).plot("expiries", weeks=1, now=NOW)
    assert axes.get_title(loc="left") == "1 account expires within 1 week"


@pytest.mark.parametrize("kind", ["health", "expiries"])
def test_users_who_failed_are_in_the_title_and_no_bar(kind: str) -> None:
    one, many = ACCOUNTS.plot(kind, now=NOW), MANY.plot(kind, now=NOW)  # type: ignore[arg-type]
    title = one.get_title(loc="left")
    assert many.get_title(loc="left") == f"{title}\n✗ 1 of 2 users failed: HTTP 503"
    assert texts(many) == texts(one)


@pytest.mark.parametrize("kind", ["health", "expiries"])
def test_nothing_can_be_plotted_too(kind: str) -> None:
    for nothing in (ConnectionList(), UserConnectionsList()):
        axes = nothing.plot(kind, now=NOW)  # type: ignore[arg-type]
        texts(axes)
        assert axes.get_title(loc="left").startswith("no accounts")
        assert axes.get_legend() is None


@pytest.mark.parametrize("kind", ["health", "expiries"])
def test_axes_that_are_given_are_drawn_in_and_given_back(kind: str) -> None:
    figure, axes = plt.subplots()
    assert ACCOUNTS.plot(kind, ax=axes, now=NOW) is axes  # type: ignore[arg-type]
    assert plt.get_fignums() == [figure.number]


def test_axes_of_its_own_are_in_a_figure_as_high_as_it_has_platforms() -> None:
    few = ACCOUNTS.plot(now=NOW).figure
    many = ConnectionList([account(f"p{n}") for n in range(20)]).plot(now=NOW).figure
    assert (tuple(few.get_size_inches()), tuple(many.get_size_inches())) == (
        (7.2, 2.62),
        (7.2, 8.4),
    )


def test_a_platform_of_any_name_can_be_plotted() -> None:
    names = ["$x^$", "$\\frac{$", "a\nb", "\ud800", "p" * 500]
    odd = ConnectionList([account(name, None, f"{name}_") for name in names])
    with warnings.catch_warnings():
        # A font need not have the mark that stands for what is no text.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        axes = odd.plot(now=NOW)
        axes.figure.canvas.draw()
    assert set(ticks(axes, "y")) == {"$x^$", "$\\frac{$", "a\ufffdb", "\ufffd", "p" * 23 + "…"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"kind": "pie"}, "kind must be 'health' or 'expiries', not 'pie'"),
        ({"weeks": 0}, "weeks must be a whole number, 1 or more, not 0"),
        ({"now": datetime(2026, 10, 1)}, "now must have a time zone"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_plotted_is_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        ACCOUNTS.plot(**options)  # type: ignore[arg-type]
    assert str(raised.value).startswith(told)


def test_without_matplotlib_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError) as raised:
        ACCOUNTS.plot()
    assert str(raised.value) == "plot() needs matplotlib: pip install matplotlib"
