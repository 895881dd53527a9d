"""All answers together, and what is shown while they come in, in both colours."""

import sys
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import pytest
from colours import Client, Question

from publora_async import (
    AsyncPublora,
    AuthenticationError,
    ConfigurationError,
    Connection,
    ConnectionList,
    ManagedUser,
    NotFoundError,
    PermissionDeniedError,
    PubloraError,
    ServerError,
    UserConnections,
    UserConnectionsList,
    UserFailed,
    UserSucceeded,
)
from publora_async._fan_out.progress import Collector
from publora_async.sandbox import Sandbox
from publora_sync import Publora
from publora_sync._bridge import _Job

NOBODY = "0" * 24
LIST = "GET /platform-connections"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(users=12) as sandbox:
        yield sandbox


@pytest.fixture(params=[AsyncPublora, Publora], ids=["async", "sync"])
async def client(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Client]:
    client = Client(request.param(sandbox.api_key, base_url=sandbox.base_url))
    yield client
    await client.close()


def list_many(user_ids: object, **options: object) -> Question:
    return lambda publora: publora.connections.list_many(user_ids, **options)


async def failure(client: Client, question: Question) -> PubloraError:
    with pytest.raises(PubloraError) as caught:
        await client.ask(question)
    return caught.value


async def one_by_one(client: Client, user_ids: list[str]) -> list[UserConnections]:
    async def one(user_id: str) -> UserConnections:
        listed = await client.ask(lambda publora: publora.connections.list(user_id=user_id))
        return UserSucceeded(user_id, listed)

    return [await one(user_id) for user_id in user_ids]


@pytest.mark.parametrize("concurrency", [1, 3, 100])
async def test_all_answers_come_in_the_order_given_refusals_among_them(
    concurrency: int, client: Client, sandbox: Sandbox
) -> None:
    users = list(sandbox.user_ids)
    user_ids = [users[7], NOBODY, users[7], users[0], *users[::-1]]
    answers = await client.ask(list_many(user_ids, concurrency=concurrency))
    refused = UserFailed(NOBODY, PermissionDeniedError(403, "User is not managed by key"))
    expected = await one_by_one(client, [users[7], users[7], users[0], *users[::-1]])
    assert answers == UserConnectionsList([expected[0], refused, *expected[1:]])


async def test_an_answer_carries_the_user_that_was_given(client: Client) -> None:
    users = await client.ask(lambda publora: publora.managed_users.list())
    given = [users[3], users[0].id, ManagedUser(id=NOBODY, email="nobody@example.com")]
    answers = await client.ask(list_many(given))
    assert [answer.user for answer in answers] == [users[3], None, given[2]]
    assert [answer.user_id for answer in answers] == [users[3].id, users[0].id, NOBODY]
    assert [answer.error is None for answer in answers] == [True, True, False]


@pytest.mark.parametrize("nobody", [[], (), iter(()), {}])
async def test_nobody_to_ask_about_is_an_empty_list(
    nobody: object, client: Client, sandbox: Sandbox
) -> None:
    seen: list[object] = []
    answers = await client.ask(list_many(nobody, progress=lambda *said: seen.append(said)))
    assert (answers, seen, sandbox.requests) == (UserConnectionsList(), [], 0)


async def test_a_function_is_told_of_each_answer(client: Client, sandbox: Sandbox) -> None:
    user_ids = [*sandbox.user_ids, NOBODY, "nobody"]
    seen: list[tuple[int, int | None, int]] = []
    answers = await client.ask(list_many(user_ids, progress=lambda *said: seen.append(said)))
    assert [(done, total) for done, total, _ in seen] == [(n, 14) for n in range(1, 15)]
    assert seen[-1] == (14, 14, 2)
    assert all(later - earlier in {0, 1} for (_, _, earlier), (_, _, later) in pairwise(seen))
    assert (len(answers), len(answers.failed)) == (14, 2)


async def test_without_a_length_the_total_is_not_known(client: Client, sandbox: Sandbox) -> None:
    seen: list[object] = []
    generator = (user_id for user_id in sandbox.user_ids)
    answers = await client.ask(list_many(generator, progress=lambda *said: seen.append(said)))
    assert seen == [(n, None, 0) for n in range(1, 13)]
    assert [answer.user_id for answer in answers] == list(sandbox.user_ids)


async def test_an_async_generator_has_no_total_either(sandbox: Sandbox) -> None:
    async def generator() -> AsyncIterator[str]:
        for user_id in sandbox.user_ids:
            yield user_id

    seen: list[object] = []
    async with AsyncPublora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        await publora.connections.list_many(generator(), progress=lambda *said: seen.append(said))
    assert seen == [(n, None, 0) for n in range(1, 13)]


async def test_what_the_function_raises_ends_the_asking(client: Client, sandbox: Sandbox) -> None:
    def progress(done: int, _: int | None, __: int) -> None:
        if done == 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await client.ask(list_many(sandbox.user_ids, concurrency=1, progress=progress))
    assert sandbox.answers[LIST, 200] in {2, 3}


@pytest.mark.parametrize("silent", [None, False])
async def test_without_progress_nothing_is_shown(
    silent: bool | None,  # noqa: FBT001  # a column
    client: Client,
    sandbox: Sandbox,
    capfd: pytest.CaptureFixture[str],
) -> None:
    await client.ask(list_many(sandbox.user_ids, progress=silent))
    assert capfd.readouterr() == ("", "")


async def test_true_draws_a_bar_that_ends_full(
    client: Client, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    await client.ask(list_many([*sandbox.user_ids, NOBODY], progress=True))
    shown = capsys.readouterr()
    last = shown.err.split("\r")[-1]
    assert shown.out == ""
    assert last.startswith("100%|")
    assert "| 13/13 [" in last
    assert " users/s, failed=1]" in last
    assert last.endswith("\n")


async def test_a_bar_without_a_total_counts(
    client: Client, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    await client.ask(list_many(iter(sandbox.user_ids), progress=True))
    last = capsys.readouterr().err.split("\r")[-1]
    assert last.startswith("12 users [")
    assert last.endswith(" users/s]\n")


@pytest.mark.parametrize("concurrency", [1, 0])
async def test_a_bar_is_closed_where_the_asking_ends_in_an_error(
    concurrency: int, client: Client, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    from tqdm import tqdm

    sandbox.revoke_key(after=3)
    question = list_many(sandbox.user_ids, concurrency=concurrency, progress=True)
    kind = AuthenticationError if concurrency else ConfigurationError
    assert type(await failure(client, question)) is kind
    last = capsys.readouterr().err.split("\r")[-1]
    assert f"| {3 * concurrency}/12 [" in last
    assert last.endswith("\n")
    assert not tqdm._instances


@pytest.mark.parametrize("module", ["tqdm", "tqdm.auto"])
async def test_a_bar_without_tqdm_says_what_to_install_before_anything_is_asked(
    module: str, client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    error = await failure(client, list_many(sandbox.user_ids, progress=True))
    assert error == ConfigurationError("progress=True needs tqdm: pip install tqdm")
    assert sandbox.requests == 0


@pytest.mark.parametrize("wrong", ["yes", 1, 0.5, [print]])
async def test_a_progress_of_another_type_is_refused_before_anything_is_asked(
    wrong: object, client: Client, sandbox: Sandbox
) -> None:
    error = await failure(client, list_many(sandbox.user_ids, progress=wrong))
    assert error == ConfigurationError("progress must be True, None or a function")
    assert sandbox.requests == 0


@pytest.mark.parametrize("good", [0, 1, 5, 11])
async def test_a_key_that_is_revoked_half_way_leaves_what_was_answered_before(
    good: int, client: Client, sandbox: Sandbox
) -> None:
    expected = await one_by_one(client, list(sandbox.user_ids[:good]))
    sandbox.revoke_key(after=good)
    error = await failure(client, list_many(sandbox.user_ids, concurrency=1))
    assert isinstance(error, AuthenticationError)
    assert error.results == UserConnectionsList(expected)
    assert (sandbox.answers[LIST, 200], sandbox.answers[LIST, 401]) == (2 * good, 1)


async def test_a_key_that_is_revoked_ends_all_that_is_under_way(
    client: Client, sandbox: Sandbox
) -> None:
    sandbox.revoke_key(after=6)
    error = await failure(client, list_many(sandbox.user_ids, concurrency=4))
    assert isinstance(error, AuthenticationError)
    numbers = [sandbox.user_ids.index(answer.user_id) for answer in error.results]
    assert numbers == sorted(numbers)
    # An answer that was under way when the refusal came may be lost with it.
    assert 3 <= len(numbers) <= 6
    assert sandbox.requests <= 10


GOOD: UserConnections = UserSucceeded("good", ConnectionList([Connection(platform_id="twitter-1")]))
BAD: UserConnections = UserFailed("bad", ServerError(500, "Internal server error"))


def test_what_comes_in_out_of_order_is_put_in_order() -> None:
    with Collector(["bad", "good", "good"], None) as collector:
        for number, answer in [(2, GOOD), (0, BAD), (1, GOOD)]:
            collector.add(number, answer)
    assert collector.in_order() == UserConnectionsList([BAD, GOOD, GOOD])


@pytest.mark.parametrize(
    ("error", "results"),
    [
        (AuthenticationError(401, "Invalid API key"), UserConnectionsList([BAD, GOOD])),
        (NotFoundError(404, "No"), UserConnectionsList([BAD, GOOD])),
        (ConfigurationError("No"), UserConnectionsList([BAD, GOOD])),
        (PubloraError("No"), UserConnectionsList([BAD, GOOD])),
        (KeyboardInterrupt(), UserConnectionsList([BAD, GOOD])),
    ],
)
def test_whatever_ends_it_takes_along_what_came_in_in_order(
    error: BaseException, results: UserConnectionsList
) -> None:
    collector = Collector([], None)
    collector.add(1, GOOD)
    collector.add(0, BAD)
    with pytest.raises(type(error)), collector:
        raise error
    assert getattr(error, "results", None) == results


@pytest.mark.parametrize(("user_ids", "of"), [(["a", "b", "c"], " of 3"), (iter("abc"), "")])
def test_an_interrupt_says_how_many_were_answered(user_ids: object, of: str) -> None:
    collector = Collector(user_ids, None)
    collector.add(0, GOOD)
    with pytest.raises(KeyboardInterrupt) as raised, collector:
        raise KeyboardInterrupt
    assert raised.value.__notes__ == [f"1{of} users were answered: they are its results"]


def test_an_interrupt_before_any_answer_says_nothing() -> None:
    with pytest.raises(KeyboardInterrupt) as raised, Collector([], None):
        raise KeyboardInterrupt
    assert vars(raised.value) == {}


async def test_without_a_stderr_a_bar_draws_nothing_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with Collector(["a", "b"], progress=True) as collector:
        collector.add(0, GOOD)
        collector.add(1, BAD)
    assert len(collector.in_order()) == 2


REFUSED_UNASKED = [f"user {number}" for number in range(5)]  # so all are answered in one turn


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
async def test_what_arrived_and_was_not_taken_in_yet_is_kept_too(
    error: type[BaseException], client: Client
) -> None:
    def progress(*_: object) -> None:
        raise error

    with pytest.raises(error) as raised:
        await client.ask(list_many(REFUSED_UNASKED, progress=progress))
    results = getattr(raised.value, "results", ())
    assert [answer.user_id for answer in results] == REFUSED_UNASKED


def test_what_was_on_its_way_between_the_threads_at_an_interrupt_is_kept_too(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = _Job.wait

    def interrupted(self: Any, loop_thread: Any) -> None:  # noqa: ANN401  # as it is
        monkeypatch.setattr(_Job, "wait", waited)
        waited(self, loop_thread)
        raise KeyboardInterrupt

    with Publora(sandbox.api_key, base_url=sandbox.base_url) as publora:
        monkeypatch.setattr(_Job, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt) as raised:
            publora.connections.list_many(REFUSED_UNASKED)
    results = getattr(raised.value, "results", ())
    assert [answer.user_id for answer in results] == REFUSED_UNASKED


def test_where_the_client_is_closed_meanwhile_what_arrived_is_kept_too(sandbox: Sandbox) -> None:
    publora = Publora(sandbox.api_key, base_url=sandbox.base_url)

    def progress(*_: object) -> None:
        publora.close()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        publora.connections.list_many(REFUSED_UNASKED, progress=progress)
    results = getattr(raised.value, "results", ())
    assert [answer.user_id for answer in results] == REFUSED_UNASKED
