"""
The Python SDK for Publora, called plainly: :class:`Publora`.

Records and errors are those of :mod:`publora_async`, which is the one implementation.
"""

from publora_sync.answers import Answers
from publora_sync.client import Publora
from publora_sync.connections import Connections
from publora_sync.managed_users import ManagedUsers

__all__ = ["Answers", "Connections", "ManagedUsers", "Publora"]
