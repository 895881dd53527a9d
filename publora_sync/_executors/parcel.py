"""What travels between the process of a fan-out and its workers."""

import pickle
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import urlsplit

import attrs

from publora_async import (
    ConfigurationError,
    ConnectionList,
    PubloraError,
    Timeouts,
    __version__,
)
from publora_async._http.gate import Outcome
from publora_async._http.options import ClientOptions

__all__ = ["Chunk", "Found", "Parcel", "Report", "Settings", "settings_of"]

T = TypeVar("T")

Found: TypeAlias = bytes | ConnectionList | PubloraError
"""
What came of asking about a user. A response that is as it should be travels as it came: to read
it costs less than to unpack the records that it holds, and those would have to be packed, too.
"""


class Parcel(Generic[T]):
    """
    Something that travels packed, so that no log, page or error of an executor shows it.

    Its own attributes stay what they are in later versions, or a worker of another version could
    not say so.

    Args:
        content: What travels.
    """

    def __init__(self, content: T) -> None:
        self.version: str = __version__
        self.packed: bytes = pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)

    def unpacked(self) -> T:
        """
        Give what has travelled.

        Raises:
            ConfigurationError: It was packed by another version of the SDK.
        """
        if self.version != __version__:
            raise ConfigurationError(
                f"a worker of the executor and the process that gave it work have publora "
                f"{__version__} and {self.version}: install the same version on both"
            )
        content: T = pickle.loads(self.packed)  # noqa: S301  # between our own processes
        return content

    def __repr__(self) -> str:
        return f"<publora {type(self).__name__.lower()} of {len(self.packed)} bytes>"


@attrs.frozen
class Settings:
    """
    What a worker makes its client of.

    Attributes:
        api_key: The secret. ``None``: the worker's environment has it.
        base_url: Where the service is.
        strict: As the client's.
        proxy: As the client's.
    """

    api_key: str | None = attrs.field(repr=False)
    base_url: str
    strict: bool
    proxy: str | None = attrs.field(repr=False)


@attrs.frozen
class Chunk:
    """
    What a worker is asked to do.

    Attributes:
        name: What no other chunk is called: an engine takes work that looks the same for done.
        settings: What its client is made of.
        timeout: The limits of an attempt.
        deadline: The most a call may take, in seconds. ``None``: no bound.
        max_retries: Further attempts after the first.
        user_ids: Whom to ask about.
        concurrency: How many at once.
        workers: How many share the fan-out, and so the retry budget.
        is_probe: Whether it is to find out whether the service is back.
    """

    name: str
    settings: Settings
    timeout: Timeouts
    deadline: float | None
    max_retries: int
    user_ids: list[str]
    concurrency: int
    workers: int
    is_probe: bool


@attrs.frozen
class Report:
    """
    What came of a chunk.

    Attributes:
        found: What came of each user, with the user's place in the chunk.
        outcomes: How the last attempts ended, for the gate of the whole fan-out.
        pause: Seconds that the service asked for. ``None``: it did not ask.
        error: What ended the chunk early. ``None``: nothing did.
    """

    found: list[tuple[int, Found]]
    outcomes: tuple[Outcome, ...]
    pause: float | None
    error: PubloraError | None


def settings_of(options: ClientOptions, *, send_key: bool) -> Settings:
    """
    Say what the workers' clients are made of.

    Args:
        options: Those of the client in this process.
        send_key: Whether secrets may leave it.

    Raises:
        ConfigurationError: Something in *options* cannot travel.
    """
    if options.ssl_context is not None:
        raise ConfigurationError(
            "an ssl_context does not travel to the workers of an executor: name the certificates "
            "in their environment, in SSL_CERT_FILE, and make the client without it"
        )
    proxy = None if options.proxy is None else str(options.proxy)
    if proxy is not None and not send_key and "@" in urlsplit(proxy).netloc:
        raise ConfigurationError(
            "the proxy's password would travel to the workers of the executor: send_key=True "
            "allows it"
        )
    return Settings(
        api_key=str(options.api_key) if send_key else None,
        base_url=options.base_url,
        strict=options.strict,
        proxy=proxy,
    )
