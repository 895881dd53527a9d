"""The server that contenders ask: nginx where it is found, else the sandbox in its own process."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from benchmarks._bodies import CONTRACT, body
from benchmarks._contender import ROOT
from benchmarks._job import Task

__all__ = ["Server", "serving"]

_CONFIG = """\
{user}
worker_processes 1;
daemon off;
pid {directory}/pid;
error_log stderr error;
events {{ worker_connections 512; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_time 1h;
    keepalive_timeout 1h;
    tcp_nodelay on;
    open_file_cache max=8;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location = /api/v1/platform-connections {{
            default_type application/json;
            alias {directory}/body.json;
        }}
    }}
}}
"""


@attrs.frozen
class Server:
    """
    A server that is running.

    Attributes:
        task: Where it is and what to ask it.
        facts: What is said about it in the tables.
        pid: Its process.
    """

    task: Task
    facts: dict[str, object]
    pid: int


@contextmanager
def serving(accounts: int = 3, fields: str = CONTRACT, *, users: int = 0) -> Iterator[Server]:
    """
    Serve answers of so many accounts.

    nginx gives every user the same answer. The sandbox draws the accounts of *users*, and only
    the one user that *task* names has as many as asked for.
    """
    if nginx := shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        answer = body(accounts, fields)
        with _nginx(nginx, answer) as (base_url, pid):
            task = Task(base_url, "sk_sandbox.workspace", None, accounts, users)
            said = f"{accounts} accounts, {fields}, {len(answer)} bytes"
            yield Server(task, {"server": "nginx, one worker", "answer": said}, pid)
    else:
        with _sandbox(accounts, fields, users) as (task, pid):
            said = f"{accounts} accounts, {fields}; in a fan-out as many as each user has"
            yield Server(task, {"server": "the sandbox: no nginx was found", "answer": said}, pid)


@contextmanager
def _nginx(program: str, answer: bytes) -> Iterator[tuple[str, int]]:
    with tempfile.TemporaryDirectory() as name:
        directory, port = Path(name), _free_port()
        # As root nginx would change to a user who may not read the directory.
        user = "user root;" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
        config = directory / "nginx.conf"
        config.write_text(_CONFIG.format(user=user, directory=directory, port=port))
        (directory / "body.json").write_bytes(answer)
        command = [program, "-p", name, "-c", str(config), "-e", "stderr"]
        process = subprocess.Popen(command)  # noqa: S603  # our own configuration
        try:
            _wait_for(process, port)
            yield f"http://127.0.0.1:{port}/api/v1", process.pid
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(500):
        if process.poll() is not None:
            raise RuntimeError("nginx did not start; see its error above")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise RuntimeError("nginx does not listen")


@contextmanager
def _sandbox(accounts: int, fields: str, users: int) -> Iterator[tuple[Task, int]]:
    form = "contract" if fields == CONTRACT else "today"
    process = subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, "-m", "benchmarks._sandbox", str(accounts), form, str(users)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        base_url, api_key, user_id = line.split()
        yield Task(base_url, api_key, user_id, accounts, users), process.pid
    finally:
        process.communicate()
