"""A connection's socket is closed by whoever is done with it, and looked at before it is used."""

import asyncio
import gc
import os
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from publora_async._http.sockets import new_socket, probe_of


def test_the_collection_of_a_socket_leaves_its_descriptor_to_whoever_has_it_now() -> None:
    made = new_socket((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("", 0)))
    assert (made.family, made.proto) == (socket.AF_INET, socket.IPPROTO_TCP)
    descriptor = made.fileno()
    del made
    gc.collect()
    os.close(descriptor)  # fails where it is closed


@pytest.fixture
def pair() -> Iterator[tuple[Any, socket.socket]]:
    """A loop's transport, as far as it is looked at, and the other end of its socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield SimpleNamespace(get_extra_info={"socket": ours}.__getitem__), theirs


@pytest.mark.parametrize("polls", [True, False])
def test_what_has_arrived_unasked_is_seen(
    polls: bool,  # noqa: FBT001  # a table column
    pair: tuple[Any, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not polls:
        monkeypatch.delattr("select.poll", raising=False)
    transport, theirs = pair
    has_arrived = probe_of(transport)
    assert not has_arrived()
    theirs.send(b"HTTP")
    assert has_arrived()


async def test_what_a_proactor_has_read_before_its_loop_knows_is_seen(
    pair: tuple[Any, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("select.poll", raising=False)
    transport, _ = pair
    read: Any = asyncio.Future()
    # What is not asyncio's here is what the system says of a read; only Windows has it.
    transport._read_fut = SimpleNamespace(done=read.done, _ov=SimpleNamespace(pending=True))
    has_arrived = probe_of(transport)
    assert not has_arrived()
    transport._read_fut._ov.pending = False
    assert has_arrived()
    transport._read_fut._ov = None  # the loop has it, and will call back
    read.set_result(4)
    assert has_arrived()
    transport._read_fut = None  # no read is begun while reading is paused
    assert not has_arrived()
