"""What went through a sandbox, in numbers that do not grow with it."""

from collections import Counter

import attrs

__all__ = ["Counts"]


@attrs.define
class Counts:
    """
    Counters, none of them ever reset.

    Attributes:
        requests: How many requests arrived.

        answers: How often each call was answered with each status.

        faulted: How often each call met each fault.

        requests_of: How often each managed user was asked for whom faults named.

        peak_connections: The most connections there ever were at once.

        in_flight: How many requests are being answered.

        peak_in_flight: The most requests that were ever being answered at once.
    """

    requests: int = 0
    answers: Counter[tuple[str, int]] = attrs.field(factory=Counter)
    faulted: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    requests_of: Counter[str] = attrs.field(factory=Counter)
    peak_connections: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0

    def connected(self, connections: int) -> None:
        """Count a connection that was opened, which makes it so many *connections*."""
        self.peak_connections = max(self.peak_connections, connections)

    def arrived(self) -> None:
        """Count a request that came in."""
        self.requests += 1
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)

    def left(self) -> None:
        """Count a request that is done with, answered or not."""
        self.in_flight -= 1
