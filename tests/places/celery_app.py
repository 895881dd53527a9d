"""
Celery, with one client for each worker process: ``celery -A celery_app worker``.

``--pool prefork``, ``threads`` and ``gevent`` all do. A ``PubloraError`` gets through the result
backend, which keeps JSON: whoever waits for the result catches the same one, so it is no error
of the task's own (``throws``).
"""

from typing import Any

from celery import Celery

from publora_sync import Publora, PubloraError

app = Celery("celery_app")  # CELERY_BROKER_URL and CELERY_RESULT_BACKEND say where
publora = Publora()


@app.task(throws=PubloraError)
def accounts(user_id: str) -> dict[str, Any]:
    return publora.connections.list(user_id=user_id).to_dict()
