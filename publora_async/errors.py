"""
Every error that the SDK raises; all of them pickle, copy, compare, and never carry the key.

.. code-block:: text

    PubloraError
    ├── ConfigurationError (ValueError)      nothing was sent: a bad key, base URL, user id, option
    ├── ClientStateError (RuntimeError)      closed, another event loop, after a fork
    ├── TransportError                       no usable response arrived
    │   ├── RequestTimeoutError (TimeoutError)
    │   └── NotSentError                 held back by a fan-out; the service was never asked
    ├── APIStatusError                       Publora refused: status, message, code, details
    │   ├── BadRequestError 400   AuthenticationError 401   PermissionDeniedError 403
    │   ├── NotFoundError 404     ConflictError 409         RateLimitError 429
    │   └── ServerError 5xx
    ├── ResponseDecodeError                  a response that makes no sense
    ├── StateFileError                       the file of a watch cannot be used
    └── UsersFailedError (ExceptionGroup)    what raise_for_errors() raises
"""

from collections.abc import Iterable, Mapping, Sequence  # annotations resolve at run time
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeAlias

import attrs

from publora_async._introspection import AsText
from publora_async._wire import JSONValue  # noqa: TC001  # as above
from publora_async.permissions import PermissionReason

__all__ = [
    "APIStatusError",
    "AuthenticationError",
    "BadRequestError",
    "ClientStateError",
    "ConfigurationError",
    "ConflictError",
    "GaveUp",
    "Limit",
    "NotFoundError",
    "NotSentError",
    "PermissionDeniedError",
    "PubloraError",
    "RateLimitError",
    "RequestTimeoutError",
    "ResponseDecodeError",
    "ServerError",
    "Stage",
    "StateFileError",
    "TransportError",
    "UserResult",
    "UsersFailedError",
]

Stage: TypeAlias = Literal["queue", "connect", "headers", "body"]
"""How far a call came: waiting for a slot, connecting, waiting for the response, reading it."""

Limit: TypeAlias = Literal["timeout", "connect", "read", "deadline"]
"""Which of the client's limits ran out."""

GaveUp: TypeAlias = Literal["retries", "deadline", "retry_after", "budget", "gate"]
"""
Why a failure that is worth another attempt got none: the retries were used up, the wait would
have crossed the deadline, the service asked for a longer wait than the SDK makes, too many of
the client's calls are failing, or a fan-out found the service down.
"""


# Exceptions are attrs classes with positional fields throughout: one with keyword-only fields
# cannot be unpickled, and errors do cross process boundaries.
@attrs.define(slots=False)
class PubloraError(AsText, Exception):
    """
    Whatever goes wrong in the SDK.

    Attributes:
        message: What happened and what to do about it, in one sentence.
    """

    message: str

    @property
    def summary(self) -> str:
        """What ``str()`` says, without the request that it names in parentheses at the end."""
        return self.message

    def __str__(self) -> str:
        return f"{self.summary}{self._request()}"

    def _request(self) -> str:
        return ""

    @property
    def args(self) -> tuple[object, ...]:
        """The values of all attributes: ``type(error)(*error.args) == error``, as Celery wants."""
        return tuple(getattr(self, field.name) for field in attrs.fields(type(self)))

    @args.setter
    def args(self, values: tuple[object, ...]) -> None:
        for field, value in zip(attrs.fields(type(self)), values, strict=False):
            setattr(self, field.name, value)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        # What an error says counts, not where it happened, nor a note on it.
        return self.args == other.args

    def __hash__(self) -> int:
        return hash((type(self), self.message))


class _OfACall:
    """
    What was asked for when an error came, which ``str()`` names. It counts for no comparison.

    Attributes:
        method: HTTP method of the request. ``None`` where there was none.

        request_path: Its path, without that of the base URL. ``None`` where there was none.

        user_id: The managed user that it was about. ``None``: the key's own account.
    """

    method: str | None = None
    request_path: str | None = None
    user_id: str | None = None

    def _request(self) -> str:
        if self.method is None:
            return ""
        user = "" if self.user_id is None else f" for user {self.user_id}"
        return f" ({self.method} {self.request_path}{user})"


class UserResult(Protocol):
    """
    What a type checker knows of a result that an error holds, as one of its ``results``.

    Each is a :class:`UserSucceeded` or a :class:`UserFailed`. ``isinstance(one, UserConnections)``
    holds for either, and from there on a type checker knows what those two are.

    Example:
        >>> found = UserSucceeded("6626a1f5e4b0c91a2d3f4567", ConnectionList())
        >>> error = AuthenticationError(401, "Invalid API key", results=[found])
        >>> [one.user_id for one in error.results if one.error is None]
        ['6626a1f5e4b0c91a2d3f4567']
        >>> UserConnectionsList(one for one in error.results if isinstance(one, UserConnections))
        <UserConnectionsList of 1 users, 0 failed>
    """

    # Read-only, which makes each type covariant: a result's own may be narrower than these.
    @property
    def user_id(self) -> str:
        """Whom it was asked about."""

    @property
    def connections(self) -> Sequence[object] | None:
        """What is connected, each a :class:`Connection`. ``None`` where there is an *error*."""

    @property
    def error(self) -> PubloraError | None:
        """Why the connections could not be found out. ``None`` where they were listed."""

    def unwrap(self) -> Sequence[object]:
        """
        The connections.

        Raises:
            PubloraError: *error*, where there is one.
        """


class ConfigurationError(PubloraError, ValueError):
    """
    An argument or setting cannot be used; nothing was sent.

    Attributes:
        results: What a fan-out had answered when it met something that is no user id.
    """

    results: Sequence[UserResult] = ()


class ClientStateError(PubloraError, RuntimeError):
    """The client cannot be used here: it is closed, of another event loop or of another process."""


@attrs.define(slots=False)
class TransportError(_OfACall, PubloraError):
    """
    No usable response arrived.

    Attributes:
        stage: How far the last attempt came. ``None`` where that is not known.

        attempts: How many attempts were made; 0 if the call never got a slot.

        gave_up: Why no further attempt was made. ``None`` where the failure is not worth one.
    """

    message: str
    stage: Stage | None = None
    attempts: int = 1
    gave_up: GaveUp | None = None

    @property
    def summary(self) -> str:
        """What ``str()`` says, without the request that it names in parentheses at the end."""
        return f"{self.message}{_after(self.attempts)}"


@attrs.define(slots=False)
class RequestTimeoutError(TransportError, TimeoutError):
    """
    A limit of the client ran out before the response was whole.

    Attributes:
        limit: Which limit: the attempt's *timeout*, its *connect* or *read* part, or the
            call's *deadline*.

        seconds: How long that limit is, in seconds.
    """

    limit: Limit = "timeout"
    seconds: float = 0.0


class NotSentError(TransportError):
    """A fan-out held the request back: the service is down, or asked for too long a pause."""


# JSON, which Celery sends an error's args in, has lists only.
def _unless_list(results: Sequence[UserResult]) -> Sequence[UserResult]:
    return tuple(results) if isinstance(results, list) else results


def _texts(problems: Iterable[str]) -> tuple[str, ...]:
    return tuple(problems)


@attrs.define(slots=False)
class APIStatusError(_OfACall, PubloraError):
    """
    Publora responded, and the response was no.

    Attributes:
        status: HTTP status code.

        message: Publora's own words, or the status phrase if it sent none.

        code: Publora's stable error code. ``None`` on older error paths, which send none.

        retry_after: Seconds that the service asked to wait. ``None`` if it did not ask.

        attempts: How many attempts were made.

        gave_up: Why no further attempt was made. ``None`` where the refusal is not worth one.

        excerpt: The first 200 characters of an error page that is not Publora's, such as a
            proxy's. ``None`` otherwise.

        results: What a fan-out that this refusal ended had answered and not yet handed out.
            What was under way at that moment is not among it.

        details: What else the service said, as the wire spells it, such as the ``userId`` of the
            user whom :meth:`publora_async.AsyncManagedUsers.create` found to exist. At most
            4 KiB, without the key, long texts cut short. Empty where it said no more.
    """

    status: int
    message: str
    code: str | None = None
    retry_after: float | None = None
    attempts: int = 1
    gave_up: GaveUp | None = None
    excerpt: str | None = None
    results: Sequence[UserResult] = attrs.field(default=(), converter=_unless_list, repr=False)
    details: "Mapping[str, JSONValue]" = attrs.field(factory=dict, repr=False)

    if TYPE_CHECKING:
        # To some type checkers, message would stay where PubloraError has it, the first.
        def __init__(
            self,
            status: int,
            message: str,
            code: str | None = None,
            retry_after: float | None = None,
            attempts: int = 1,
            gave_up: GaveUp | None = None,
            excerpt: str | None = None,
            results: Sequence[UserResult] = (),
            details: Mapping[str, JSONValue] = ...,
        ) -> None: ...

    @property
    def refuses_key(self) -> bool:
        """Whether no other managed user could fare better: the refusal is the key's."""
        return False

    @property
    def advice(self) -> str | None:
        """What to do about it. ``None`` where the message says all there is to say."""
        return None

    @property
    def summary(self) -> str:
        """What ``str()`` says, without the request that it names in parentheses at the end."""
        code = f" [{self.code}]" if self.code else ""
        excerpt = f" (the response begins: {self.excerpt})" if self.excerpt else ""
        advice = f"; {self.advice}" if self.advice else ""
        said = f"HTTP {self.status}: {self.message}{code}{excerpt}"
        return f"{said}{_after(self.attempts)}{advice}"


class BadRequestError(APIStatusError):
    """400: the service cannot read the request, such as a malformed managed user id."""


class AuthenticationError(APIStatusError):
    """401: the key is missing, wrong or revoked, or its owner is gone."""

    @property
    def refuses_key(self) -> bool:
        """Always: it is the key that was refused."""
        return True

    @property
    def advice(self) -> str | None:
        """Where a key comes from."""
        return "create a key at https://app.publora.com under API and set PUBLORA_API_KEY"


class PermissionDeniedError(APIStatusError):
    """403: the key is good, but not for this."""

    @property
    def reason(self) -> PermissionReason | None:
        """Which of the documented causes it is. ``None`` for one that is not documented."""
        return PermissionReason.of(self.message, self.code)

    @property
    def refuses_key(self) -> bool:
        """Whether the key lacks the access, rather than this one user being another's."""
        return self.reason is not None and self.reason.refuses_key

    @property
    def advice(self) -> str | None:
        """What to do about the documented causes. ``None`` for any other."""
        return None if self.reason is None else self.reason.advice


class NotFoundError(APIStatusError):
    """404: the service does not know what was asked about."""

    @property
    def advice(self) -> str | None:
        """To check *base_url*, where a list was not found. ``None`` otherwise."""
        if self.method == "GET" and self.request_path in _LISTS:
            return "Publora always has this list: check base_url"
        return None


_LISTS = ("/platform-connections", "/workspace/users")


class ConflictError(APIStatusError):
    """409: it exists already, such as a managed user with the same email."""


class RateLimitError(APIStatusError):
    """429: too many requests; *retry_after* says how long the service wants to be left alone."""


class ServerError(APIStatusError):
    """5xx: the service, or something in front of it, has failed."""


class StateFileError(PubloraError):
    """The file that a watch remembers everything in cannot be used; it is left as it is."""


class UsersFailedError(PubloraError, ExceptionGroup[PubloraError]):
    """
    Some users of a fan-out could not be asked; a group of their errors, for ``except*`` too.

    Each error has a note that names its user.
    """

    def __new__(cls, message: str, errors: Sequence[PubloraError]) -> Self:  # noqa: D102  # as above
        return ExceptionGroup.__new__(cls, message, errors)

    def __init__(self, message: str, errors: Sequence[PubloraError]) -> None:
        # Not attrs': a group keeps its message and errors itself.
        BaseException.__init__(self, message, errors)

    @property
    def args(self) -> tuple[Any, ...]:
        """The message and the list of errors; they cannot be set."""
        return self.message, list(self.exceptions)

    @args.setter
    def args(self, _: tuple[object, ...]) -> None:
        raise AttributeError("a group keeps the errors that it was made of")

    def derive(self, errors: Sequence[PubloraError], /) -> "UsersFailedError":  # type: ignore[override]  # none but ours are in it
        """Make a group of some of the errors, for ``except*``."""
        return UsersFailedError(self.message, errors)

    def __repr__(self) -> str:
        return ExceptionGroup.__repr__(self)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.args == other.args

    def __hash__(self) -> int:
        return hash((type(self), self.message))


@attrs.define(slots=False)
class ResponseDecodeError(_OfACall, PubloraError):
    """
    Publora responded with something that makes no sense; the request is not sent again.

    No part of the response is quoted: it is personal data.

    Attributes:
        path: Where in the response, such as ``"connections[3].username"``. Empty for the whole.

        problems: Each problem found, at most ten, as ``"path: what was expected"``.

        attempts: How many attempts were made.
    """

    message: str
    path: str = ""
    problems: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    attempts: int = 1

    @property
    def summary(self) -> str:
        """What ``str()`` says, without the request that it names in parentheses at the end."""
        return f"{self.message}{_after(self.attempts)}"


def _after(attempts: int) -> str:
    return f", after {attempts} attempts" if attempts > 1 else ""
