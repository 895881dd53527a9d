"""How the wire spells records: camel case, times as ``...Z``, JSON values."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, TypeAlias

import attrs

__all__ = ["ALWAYS", "JSONValue", "named", "platform_name", "time_text", "to_wire", "wire_name"]

JSONValue: TypeAlias = "bool | int | float | str | list[JSONValue] | dict[str, JSONValue] | None"
"""Whatever JSON can say."""

ALWAYS: Mapping[str, object] = {"always": True}
"""Metadata of a field that the wire has even where it is null."""


def named(name: str) -> Mapping[str, object]:
    """Give the metadata of a field that has another *name* on the wire."""
    return {"name": name}


def wire_name(field: "attrs.Attribute[Any]") -> str:
    """A field's name as the wire spells it: ``platform_id`` is ``platformId`` there."""
    if "name" in field.metadata:
        return str(field.metadata["name"])
    first, *others = field.name.split("_")
    return first + "".join(word.title() for word in others)


def platform_name(text: str) -> str:
    """The platform that people mean by *text*, as ids spell it: "LinkedIn", " twitter", "X"."""
    name = text.strip().lower()
    return "twitter" if name == "x" else name


def time_text(time: datetime) -> str:
    """An aware time as the wire spells it: ``2026-10-08T15:30:00.000Z``."""
    # The service sends milliseconds; finer times, should they come, are not cut short.
    spec = "microseconds" if time.microsecond % 1000 else "milliseconds"
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def to_wire(record: attrs.AttrsInstance) -> dict[str, JSONValue]:
    """
    A record as the wire has it.

    Fields that are ``None`` are left out, but for those marked :data:`ALWAYS`. What *extra*
    holds is copied all the way down, so that the record does not change with the result.
    """
    known: dict[str, JSONValue] = {}
    extra: Mapping[str, JSONValue] = {}
    for field in attrs.fields(type(record)):
        value = getattr(record, field.name)
        if field.name == "extra":
            extra = value
        elif value is not None or "always" in field.metadata:
            known[wire_name(field)] = _to_json(value)
    return known | deepcopy(dict(extra)) if extra else known


def _to_json(value: Any) -> JSONValue:  # noqa: ANN401  # whatever a record holds
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return to_wire(value) if attrs.has(type(value)) else value
