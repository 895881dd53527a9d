"""What is said of an answer that is not of the documented shape; never a value, only its kind."""

from publora_async.errors import ResponseDecodeError

__all__ = ["expected", "kind_of", "unexpected"]


def expected(problems: list[tuple[str, str]]) -> ResponseDecodeError:
    """Make the error that lists *problems*, each a path and what is wrong there."""
    lines = [f"{path}: {problem}" if path else problem for path, problem in problems]
    return ResponseDecodeError(
        "the answer is not what Publora documents: " + "; ".join(lines),
        path=problems[0][0],
        problems=tuple(lines),
    )


def kind_of(value: object) -> str:
    """A JSON value's type, for messages; never the value, which is personal data."""
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return "nothing" if value is None else names.get(type(value), "an object")


def unexpected(value: object, expected: str) -> ValueError:
    """Make what a structure hook raises."""
    return ValueError(f"expected {expected}, found {kind_of(value)}")
