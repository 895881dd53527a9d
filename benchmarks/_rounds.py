"""Interleaved rounds: each contender has its turn, never two at once, in alternating order."""

from collections.abc import Sequence

import attrs

from benchmarks._contender import Contender, Entry, absent, started
from benchmarks._job import Task
from benchmarks._results import Figure, Report, Sample, ratios

__all__ = ["Comparison", "Plan", "compare"]


@attrs.frozen
class Plan:
    """
    How much is measured.

    Attributes:
        rounds: How often each contender has its turn.
        calls: How many calls a turn has.
        warm_up: How many calls come first that are not counted: they wake the processor's
            caches, and open again what was closed while the others had their turns.
    """

    rounds: int
    calls: int
    warm_up: int = 5


@attrs.frozen
class Comparison:
    """
    What the contenders took.

    Attributes:
        plan: How much was measured.
        entries: Who was asked to take part.
        samples: By name, one of each round.
    """

    plan: Plan
    entries: Sequence[Entry]
    samples: dict[str, list[Sample]]

    def judge(self, report: Report, goal: str, ours: str, peer: str, *, faster: bool) -> None:
        """
        Enter into *report* what *goal* asks for, without and with the ``speed`` extra.

        Args:
            report: Where to.
            goal: Its key.
            ours: Our contender.
            peer: The contender to compare it with.
            faster: Whether to say how many times faster ours is, or what part of the
                peer's time it takes.
        """
        for suffix in ("", "+speed"):
            name = f"{ours} {suffix}".rstrip()
            lacks = [x for e in self.entries if e.name in {name, peer} and (x := absent(e))]
            if name in self.samples and peer in self.samples:
                pair = [self.samples[name], self.samples[peer]]
                report.figures[goal + suffix] = ratios(*(reversed(pair) if faster else pair))
            elif lacks:
                report.absent[goal + suffix] = lacks[0]

    def against(self, peer: str) -> dict[str, Figure]:
        """Give everybody's time as a multiple of that of *peer*."""
        other = self.samples[peer]
        return {name: ratios(samples, other) for name, samples in self.samples.items()}


def compare(entries: Sequence[Entry], task: Task, plan: Plan) -> Comparison:
    """
    Have *entries* do the same, in turns.

    Raises:
        AssertionError: They did not get the same.
    """
    with started(entries, task) as contenders:
        _check(contenders)
        samples: dict[str, list[Sample]] = {one.entry.name: [] for one in contenders}
        for contender in contenders:
            contender.run(plan.calls, plan.warm_up)
        for number in range(plan.rounds):
            for contender in contenders if number % 2 else reversed(contenders):
                took = contender.run(plan.calls, plan.warm_up)
                samples[contender.entry.name].append(Sample(**took))
    return Comparison(plan, entries, samples)


def _check(contenders: Sequence[Contender]) -> None:
    first, *others = contenders
    wanted = first.check()
    if not wanted:
        raise AssertionError(f"{first.entry.name} got nothing")
    for other in others:
        if (got := other.check()) != wanted:
            names = f"{first.entry.name} and {other.entry.name}"
            raise AssertionError(f"{names} got different answers: {wanted} and {got}")
