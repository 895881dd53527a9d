"""
RQ, with a client that begins anew in the process of each job: ``rq worker -c rq_app``.

With ``-c`` the worker has imported this module, and so the SDK, before it forks for a job.
"""

import os
from typing import Any

from publora_sync import Publora

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379")
publora = Publora()


def accounts(user_id: str) -> dict[str, Any]:
    return publora.connections.list(user_id=user_id).to_dict()
