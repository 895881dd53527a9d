"""A watch over accounts, without ``await``."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Self

from publora_async import AsyncWatch, ClientStateError, Event
from publora_sync._bridge import Bridge

__all__ = ["Watch"]


class Watch(Iterator[Event]):
    """
    An iterator over events, and a context manager that stops watching on exit.

    Whoever asks for the next event has dealt with the one before, which is not given again. One
    that was given last and not followed by another request is given again by the next watch over
    the same file: a receiver that was killed in the middle of it gets it twice, and none is lost.
    A call that is interrupted, as by Ctrl-C, ends the watch; another one goes on.

    Example:
        >>> with publora.connections.watch(baseline=True, once=True) as events:
        ...     for event in events:
        ...         print(event)
    """

    def __init__(self, watch: AsyncWatch, bridge: Bridge) -> None:
        self._watch = watch
        self._bridge = bridge

    def __next__(self) -> Event:
        if (event := self.next_event()) is None:
            raise StopIteration
        return event

    def next_event(self) -> Event | None:
        """
        Give the next event; ``None`` when all is over.

        Raises:
            ClientStateError: The client is closed, or the watch was begun before a fork.
            PubloraError: Whatever ``watch()`` raises while iterating.
        """
        try:
            return self._bridge.run(self._watch.next_event)
        except BaseException:
            # Ctrl-C may come behind an event, which another call would acknowledge.
            self.close()
            raise

    def close(self) -> None:
        """Stop watching, and let another watch have the state."""
        with suppress(ClientStateError):  # with the client, everything is released already
            self._bridge.run(self._watch.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
