"""A connection's socket is closed by whoever is done with it, and looked at before it is used."""

import gc
import os
import socket

from publora_async._http.sockets import new_socket, probe_of


def test_the_collection_of_a_socket_leaves_its_descriptor_to_whoever_has_it_now() -> None:
    made = new_socket((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("", 0)))
    assert (made.family, made.proto) == (socket.AF_INET, socket.IPPROTO_TCP)
    descriptor = made.fileno()
    del made
    gc.collect()
    os.close(descriptor)  # fails where it is closed


def test_what_has_arrived_unasked_is_seen() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        is_readable = probe_of(ours)
        assert not is_readable()
        theirs.send(b"HTTP")
        assert is_readable()
