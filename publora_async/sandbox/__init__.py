"""
A local stand-in for Publora, for demos and tests: a real HTTP server with made-up data.

It answers as the service is documented to, on loopback only, so any HTTP client can talk to it.
"""

from publora_async.sandbox._faults import Faults
from publora_async.sandbox._sandbox import Sandbox, serve

__all__ = ["Faults", "Sandbox", "serve"]
