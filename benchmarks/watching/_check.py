"""Compares what was told of a week with what has happened in it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import attrs

from benchmarks.watching._plan import END, EVERY, Expected

__all__ = ["Told", "check"]


@attrs.frozen
class Told:
    """
    An event, as a receiver got it.

    Attributes:
        at: When.
        id: Its id.
        kind: Its kind.
        user_id: Whose account it is about.
        platform: On which platform.
    """

    at: datetime
    id: str
    kind: str
    user_id: str
    platform: str

    @classmethod
    def read(cls, at: float, fields: dict[str, str]) -> "Told":
        """Read it."""
        platform = fields["platformId"].partition("-")[0]
        moment = datetime.fromtimestamp(at, UTC)
        return cls(moment, fields["id"], fields["kind"], fields["userId"], platform)


def check(
    accounts: Mapping[tuple[str, str], Expected], log: list[Told], received: list[Told]
) -> None:
    """
    Compare what was told with what has happened.

    Raises:
        AssertionError: They differ; it says what happened to the account.
    """
    first = {told.id: told.at for told in reversed(received)}
    in_log: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for told in log:
        in_log[told.user_id, told.platform].append(told)
    problems = [
        f"{' '.join(whose)}: {problem}\n{_story(accounts.get(whose), in_log[whose], first)}"
        for whose in sorted({*accounts, *in_log})
        for problem in _problems(accounts.get(whose, Expected()), in_log[whose], first)
    ]
    if problems:
        raise AssertionError("\n".join([f"{len(problems)} problems:", *problems[:10]]))


def _story(expected: Expected | None, log: list[Told], first: dict[str, datetime]) -> str:
    happened = [f"{kind} {at:%a %H:%M}" for kind, at in expected.kinds] if expected else []
    told = [f"{one.kind} {first.get(one.id, END):%a %H:%M}" for one in log]
    return f"  happened: {', '.join(happened)}\n  told:     {', '.join(told)}"


def _problems(expected: Expected, log: list[Told], first: dict[str, datetime]) -> Iterator[str]:
    kinds = [told.kind for told in log]
    if any(told.id not in first for told in log):
        yield "an event was not received"
    if expected.flaps:
        yield from _problems_of_flapping([(told.kind, first.get(told.id, END)) for told in log])
        return
    if kinds != [kind for kind, _ in expected.kinds]:
        yield "it was not told as it happened"
        return
    for told, (kind, at) in zip(log, expected.kinds, strict=True):
        late = first.get(told.id, at) - at
        if not timedelta(0) <= late <= 2 * EVERY:
            yield f"{kind} was told after {late}"


def _problems_of_flapping(told: list[tuple[str, datetime]]) -> Iterator[str]:
    if [kind for kind, _ in told][-1:] != ["recovered"]:
        yield "its recovery was not told last"
    flaps = [number for number, (kind, _) in enumerate(told) if kind == "flapping"]
    for begin, end in pairwise([0, *(number + 1 for number in flaps), len(told)]):
        # How it is when it flaps no longer is told first, whatever was told before.
        changes = [(kind, at) for kind, at in told[begin:end] if kind != "flapping"]
        kinds = [kind for kind, _ in changes]
        if any(a == b for a, b in pairwise(kinds)) or (not begin and kinds[:1] != ["broke"]):
            yield "it did not break and recover in turn"
        # Four changes are told, each within four rounds of the one before; the next one flaps.
        quick = [b - a < 3 * EVERY for (_, a), (_, b) in pairwise(changes)]
        if any(all(four) for four in zip(*(quick[n:] for n in range(4)), strict=False)):
            yield "it was not told that it flaps"
    if any(told[b][1] - told[a][1] < 4 * EVERY for a, b in pairwise(flaps)):
        yield "it was told of more often than once that it flaps"
