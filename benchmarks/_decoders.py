"""Contenders that turn the bytes of an answer into something."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks._bodies import body
from benchmarks._job import Job, Task, repeated, seen_dicts, seen_records
from publora_async import decode_connections

__all__ = ["msgspec", "orjson", "publora", "pydantic", "stdlib"]


@contextmanager
def publora(task: Task) -> Iterator[Job]:
    """Give our records."""
    answer = body(task.accounts)
    yield repeated(lambda: decode_connections(answer), seen_records)


@contextmanager
def pydantic(task: Task) -> Iterator[Job]:
    """Give pydantic's models."""
    from benchmarks._pydantic_models import Reply

    answer = body(task.accounts)
    yield repeated(
        lambda: Reply.model_validate_json(answer), lambda reply: seen_records(reply.connections)
    )


@contextmanager
def msgspec(task: Task) -> Iterator[Job]:
    """Give msgspec's structs."""
    import msgspec

    from benchmarks._msgspec_structs import Reply

    answer, decoder = body(task.accounts), msgspec.json.Decoder(Reply)
    yield repeated(lambda: decoder.decode(answer), lambda reply: seen_records(reply.connections))


@contextmanager
def stdlib(task: Task) -> Iterator[Job]:
    """Give dicts, by the standard library."""
    answer = body(task.accounts)
    yield repeated(lambda: json.loads(answer), seen_dicts)


@contextmanager
def orjson(task: Task) -> Iterator[Job]:
    """Give dicts, by orjson."""
    import orjson

    answer = body(task.accounts)
    yield repeated(lambda: orjson.loads(answer), seen_dicts)
