"""How a fan-out is cut into chunks."""

from concurrent.futures import ThreadPoolExecutor

from conftest import KEY

from publora_async._http.options import ClientOptions
from publora_sync._executors import plan
from publora_sync._executors.parcel import settings_of
from publora_sync._executors.plan import ChunkSize, Plan
from publora_sync._executors.users import User


def plan_of(deadline: float | None) -> Plan:
    options = ClientOptions(api_key=KEY, deadline=deadline)
    settings = settings_of(options, send_key=False)
    return Plan(ThreadPoolExecutor(), options, settings, workers=2, concurrency=8, ordered=False)


def test_those_who_were_given_back_have_less_time_and_fewer_retries() -> None:
    users = [
        User(0, "user-0001", None, since=10.0, attempts=1),
        User(1, "user-0002", None, since=20.0, attempts=2),
    ]
    chunk = plan_of(100.0).chunk(users, 4, 50.0, is_probe=False)
    assert (chunk.deadline, chunk.max_retries) == (60.0, 1)
    assert plan_of(100.0).chunk(users, 4, 500.0, is_probe=False).deadline == 0.001
    assert plan_of(None).chunk(users, 4, 500.0, is_probe=True).deadline is None


def test_chunks_grow_while_they_are_short_and_shrink_when_they_are_long() -> None:
    size = ChunkSize()
    sizes = []
    for seconds, is_full in ((0.1, True), (0.1, False), (0.5, True), (2.0, False), (2.0, True)):
        size.took(seconds, is_full=is_full)
        sizes.append(size.of(1))
    assert sizes == [8, 8, 8, 4, plan.FEWEST_ROUNDS]
    for _ in range(9):
        size.took(0.1, is_full=True)
    assert size.of(2) == 2 * plan.MOST_ROUNDS
