"""A process that ends without closing its sync client: clean, quiet, and at once."""

import signal
from pathlib import Path

import pytest
from asking import Serve
from capabilities import needs_signals
from hostile import CUT, reply, silence
from processes import LOOPS, finished, started

USED = """
from publora_sync import Publora
publora = Publora()
print(len(publora.connections.list()), flush=True)
"""
IN_ANOTHER_THREAD = """
import threading
answered = threading.Thread(target=publora.connections.list, daemon=True)
answered.start()
input()
"""
LATE = """
class Late:
    def __del__(self, publora=publora):
        try:
            publora.connections.list()
        except Exception as error:
            print(error)
        publora.close()
late = Late()
"""
HALF_WAY = "answers = publora.connections.iter_many(['a', 'b'], concurrency=1); "
OWN = """
def hold():
    with Publora() as mine:
        yield mine.connections.list()
held = hold()
next(held)
"""
ENDINGS = {
    "plain": ("", 0, 1),
    "sys.exit": ("sys.exit(3)", 3, 1),
    "SystemExit": ("raise SystemExit", 0, 1),
    "reference cycle": ("publora.me = publora", 0, 1),
    "reference cycle, dropped": ("publora.me = publora; del publora", 0, 1),
    "dropped": ("del publora", 0, 1),
    "derived": ("derived = publora.with_options(deadline=5); del publora", 0, 1),
    "kept by what outlives modules": ("sys.publora = publora", 0, 1),
    "a generator inside with": (OWN.replace("Publora() as mine", "publora as mine"), 0, 2),
    "a generator with a client of its own": (OWN, 0, 2),
    "used again at exit": ("import atexit; atexit.register(publora.connections.list)", 0, 2),
    "closed at exit": ("import atexit; atexit.register(publora.close)", 0, 1),
    "iter_many half-way": (f"{HALF_WAY} next(answers)", 0, 2),
    "iter_many half-way in a generator": (f"{HALF_WAY} next(one for one in answers)", 0, 2),
    "iter_many half-way inside with": (
        f"{HALF_WAY}\nwith answers:\n    next(answers); sys.exit(4)",
        *(4, 2),
    ),
}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_27_exit_without_close_is_clean_and_quiet(
    ending: str, loop: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply())
    last, code, requests = ENDINGS[ending]
    with started(USED + last, server, tmp_path, loop=loop) as script:
        assert finished(script) == (code, "0\n", "")
    assert len(server.heads) == requests


@pytest.mark.parametrize("loop", LOOPS)
def test_27_after_an_unhandled_exception_there_is_its_traceback_and_nothing_else(
    loop: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply())
    with started(USED + "raise ZeroDivisionError", server, tmp_path, loop=loop) as script:
        code, output, errors = finished(script)
    assert (code, output) == (1, "0\n")
    first, frame, line, last = errors.splitlines()
    assert first == "Traceback (most recent call last):"
    assert frame.startswith(f'  File "{tmp_path}/script.py", line ')
    assert (line, last) == ("    raise ZeroDivisionError", "ZeroDivisionError")
    assert len(server.heads) == 1


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("answer", [silence, CUT], ids=["no answer", "half an answer"])
@pytest.mark.parametrize(("ending", "code"), [("", 0), ("sys.exit(3)", 3)])
def test_27_exit_does_not_wait_for_a_call_in_flight_in_another_thread(
    ending: str, code: int, answer: bytes, loop: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply(), answer)
    with started(USED + IN_ANOTHER_THREAD + ending, server, tmp_path, loop=loop) as script:
        for _ in range(2):
            server.asked.acquire()
        assert script.stdin is not None
        script.stdin.write("\n")
        assert finished(script) == (code, "0\n", "")
    assert len(server.heads) == 2


@needs_signals
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(
    ("setting", "sent", "code"),
    [
        ("signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))", signal.SIGTERM, 5),
        ("sys.excepthook = lambda *_: None", signal.SIGINT, -signal.SIGINT),
        ("signal.signal(signal.SIGINT, signal.SIG_DFL)", signal.SIGINT, -signal.SIGINT),
    ],
)
def test_27_a_signal_ends_the_process_with_a_call_in_flight(
    setting: str, sent: signal.Signals, code: int, loop: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply(), silence)
    call = "publora.connections.list()"
    with started(f"import signal\n{setting}\n{USED}{call}", server, tmp_path, loop=loop) as script:
        for _ in range(2):
            server.asked.acquire()
        script.send_signal(sent)
        assert finished(script) == (code, "0\n", "")
    assert len(server.heads) == 2


@pytest.mark.parametrize("loop", LOOPS)
def test_27_a_call_while_modules_are_torn_down_is_refused_and_does_not_hang(
    loop: str, serve: Serve, tmp_path: Path
) -> None:
    server = serve(reply())
    with started(USED + LATE, server, tmp_path, loop=loop) as script:
        refused = "the interpreter is exiting: close the client before\n"
        assert finished(script) == (0, f"0\n{refused}", "")
    assert len(server.heads) == 1
