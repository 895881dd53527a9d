"""The benchmarks' own arithmetic: what was measured must not be judged by a slip of ours."""

import operator

from benchmarks._goals import Goal, Verdict, verdict
from benchmarks._results import Figure, Report, Sample, ratios


def test_ratios_are_of_rounds_not_of_sums() -> None:
    """A round in which the machine was slow counts as one round."""
    ours = [Sample(wall=1, cpu=2), Sample(wall=30, cpu=3)]
    theirs = [Sample(wall=2, cpu=2), Sample(wall=40, cpu=2)]
    assert ratios(ours, theirs) == Figure([0.5, 0.75], [1.0, 1.5])


def test_a_goal_is_judged_by_the_median() -> None:
    goal = Goal("some", "key", "ours / theirs", operator.le, 0.5, 0.25)
    report = Report(
        "some", "", figures={"key": Figure([0.1, 0.5, 9.0]), "key+speed": Figure([0.3])}
    )
    assert verdict(goal, report, "base") == Verdict("<= 0.5", "0.50 (0.10-9.00)", "met")
    assert verdict(goal, report, "speed") == Verdict("<= 0.25", "0.30", "NOT MET")


def test_a_goal_that_was_not_measured_is_neither_met_nor_missed() -> None:
    goal = Goal("some", "key", "theirs / ours", operator.ge, 9, None)
    lacking = Report("some", "", absent={"key": "httpx"})
    assert verdict(goal, None, "base") == Verdict(">= 9", "not run", "")
    assert verdict(goal, lacking, "base") == Verdict(">= 9", "not run: without httpx", "")
    assert verdict(goal, None, "speed") == Verdict("", "", "")
