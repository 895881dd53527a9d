"""
Flask, with one client for all requests: ``gunicorn -k gevent flask_app:app``.

``waitress-serve flask_app:app`` and any other WSGI server do as well.
"""

from typing import Any

from flask import Flask

from publora_sync import Publora

app = Flask(__name__)
publora = Publora()


@app.get("/accounts/<user_id>")
def accounts(user_id: str) -> dict[str, Any]:
    return publora.connections.list(user_id=user_id).to_dict()
