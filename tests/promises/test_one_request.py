"""One attempt sends one request, whatever becomes of its connection."""

import pytest
from asking import ClientOf, Serve, failure
from colours import Question
from hostile import CUT, Answer, reply, then_hang_up, then_reset

from publora_async import GaveUp, Stage, TransportError

FITS_ALL = reply({"success": True, "connections": [], "platformId": "a-1", "status": "ok"})
QUESTIONS: dict[str, Question] = {
    "GET": lambda publora: publora.connections.list(),
    "POST": lambda publora: publora.connections.test("twitter-1"),
    "DELETE": lambda publora: publora.managed_users.detach("u"),
}
HALF_A_HEAD = b"HTTP/1.1 200 OK\r\nContent-Le"
INTERIM = b"HTTP/1.1 103 Early Hints\r\n\r\n"
FAULTS: dict[str, tuple[Answer, Stage]] = {
    "hang-up": (then_hang_up(), "headers"),
    "reset": (then_reset(), "headers"),
    "hang-up within the status line": (then_hang_up(b"HTTP/1."), "headers"),
    "reset within the status line": (then_reset(b"HTTP/1."), "headers"),
    "hang-up within the headers": (then_hang_up(HALF_A_HEAD), "headers"),
    "reset within the headers": (then_reset(HALF_A_HEAD), "headers"),
    "hang-up after an interim answer": (then_hang_up(INTERIM), "headers"),
    "hang-up within the body": (then_hang_up(CUT), "body"),
    "reset within the body": (then_reset(CUT), "body"),
}


def broken(stage: Stage, attempts: int, gave_up: GaveUp | None) -> TransportError:
    what = "the connection broke before the response was whole"
    return TransportError(what, stage, attempts, gave_up)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
async def test_19_one_attempt_is_one_request_on_a_fresh_and_on_a_used_connection(
    used: bool,  # noqa: FBT001  # a table column
    fault: str,
    question: str,
    serve: Serve,
    client_of: ClientOf,
) -> None:
    answer, stage = FAULTS[fault]
    server = serve(*[FITS_ALL] * used, answer, FITS_ALL)
    client = client_of(server, max_retries=0)
    for _ in range(used):
        await client.ask(QUESTIONS[question])
    error = await failure(client, QUESTIONS[question])
    assert error == broken(stage, 1, None if question == "DELETE" else "retries")
    assert (len(server.heads), server.connections) == (1 + used, 1)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
async def test_19_four_attempts_are_four_requests(
    used: bool,  # noqa: FBT001  # a table column
    fault: str,
    serve: Serve,
    client_of: ClientOf,
) -> None:
    answer, stage = FAULTS[fault]
    server = serve(*[FITS_ALL] * used, answer)
    client = client_of(server)
    for _ in range(used):
        await client.ask(QUESTIONS["GET"])
    error = await failure(client)
    assert error == broken(stage, 4, "retries")
    assert (len(server.heads), server.connections, len(client.waits)) == (4 + used, 4, 3)
