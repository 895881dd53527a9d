"""
The Python SDK for Publora, called plainly: :class:`Publora`.

Records and errors are those of :mod:`publora_async`, which is the one implementation.
"""

from publora_sync.client import Publora
from publora_sync.connections import Connections

__all__ = ["Connections", "Publora"]
