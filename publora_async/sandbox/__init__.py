"""
A local stand-in for Publora, for demos and tests: a real HTTP server with made-up data.

It behaves as the service's documentation says. It listens on loopback only, and any HTTP client
can talk to it.
"""

from publora_async.sandbox._clock import Clock
from publora_async.sandbox._faults import Faults
from publora_async.sandbox._sandbox import Sandbox, serve

__all__ = ["Clock", "Faults", "Sandbox", "serve"]
