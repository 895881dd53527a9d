"""How long does it take to make typed records of an answer's bytes?"""

from benchmarks._bodies import TODAY, body
from benchmarks._contender import Entry
from benchmarks._job import Task
from benchmarks._results import Report
from benchmarks._rounds import Plan, compare
from benchmarks._table import show

__all__ = ["ENTRIES", "run"]

_PUBLORA = Entry("publora", "_decoders:publora")
ENTRIES = (
    _PUBLORA,
    _PUBLORA.with_speed(),
    Entry("pydantic", "_decoders:pydantic", "pydantic"),
    Entry("msgspec", "_decoders:msgspec", "msgspec"),
    Entry("json, dicts only", "_decoders:stdlib"),
    Entry("orjson, dicts only", "_decoders:orjson", "orjson", "speed"),
)


def run(*, quick: bool = False) -> Report:
    """Decode answers of 3 accounts, and of 100, which the goal is about."""
    report = Report("decoding", __doc__)
    for accounts, calls in ((3, 3_000), (100, 150)):
        plan = Plan(2, 3, 1) if quick else Plan(40, calls, calls // 10)
        comparison = compare(ENTRIES, Task(accounts=accounts), plan)
        size = len(body(accounts))
        report.facts = {"answer": f"{accounts} accounts, {TODAY}, {size} bytes"}
        # The chart and the goal are about the larger answer, which comes last.
        report.bars.clear()
        show(report, comparison, "pydantic", each="us an answer", scale=1e6)
    comparison.judge(report, "pydantic", "publora", "pydantic", faster=False)
    return report
