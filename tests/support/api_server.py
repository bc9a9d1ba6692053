"""A real gunicorn over a real Redis, and WebSocket clients of it."""

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import websocket
from support.live import Live, a_review
from support.workers import TESTS, eventually

from codereview.adapters.embedded.redis_server import free_port
from codereview.adapters.system import SystemClock
from codereview.application.keys import new_key
from codereview.bootstrap import Service, build
from codereview.config import load_settings


class ApiServer:
    """One server process; and, in the test's own process, the service that makes reviews and events for it."""

    def __init__(self, redis_url: str, directory: Path, app: str = "api.wsgi:app", **settings: object) -> None:
        self.port = free_port()
        self.log = directory / "api.log"
        given = {"redis_url": redis_url, "data_dir": str(directory / "data"), "port": self.port, **settings}
        self._env = {f"CODEREVIEW_{name.upper()}": str(value) for name, value in given.items() if name.islower()}
        self._env |= {name: str(value) for name, value in given.items() if name.isupper()}
        self._app = app
        self.service: Service = build(load_settings(redis_url=redis_url, data_dir=directory / "data"))
        self.live = Live(self.service.ledger, self.service.bus, None, self.service.idempotency)

    def start(self) -> "ApiServer":
        """Start it and wait until it serves."""
        env = {**os.environ, **self._env, "PYTHONPATH": str(TESTS)}
        command = [sys.executable, "-m", "gunicorn", "-c", "python:api.gunicorn_conf", self._app]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
        eventually(self._serves, f"the API serves; its log:\n{self.log.read_text()[-3000:]}")
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.service.redis.close()
        return self.process.returncode

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The log lines of an event."""
        parsed = (json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [line for line in parsed if line.get("eventType") == event]

    def review(self, *, owner: str = "") -> str:
        """A review that is open; no worker works on it."""
        review_id = f"rv_{secrets.token_hex(10)}"
        self.service.store.put(a_review(review_id, owner))
        return self.live.open(review_id, owner=owner)

    def key(self, owner: str) -> str:
        """The secret of a new key."""
        secret, key = new_key(owner, "", SystemClock())
        from codereview.bootstrap import stores

        stores(load_settings(data_dir=Path(self._env["CODEREVIEW_DATA_DIR"])))[1].add(key)
        return secret

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """One request; status, headers and JSON body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            data = None if body is None else json.dumps(body)
            sent = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, data, sent | (headers or {}))
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, answer.headers, json.loads(text) if text else None
        finally:
            connection.close()

    def socket(self, query: str = "", **options: Any) -> "Socket":
        """A WebSocket."""
        return Socket(f"ws://127.0.0.1:{self.port}/ws{query}", **options)

    def _serves(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.request("GET", "/health")[0] == 200
        except OSError:
            return False


class Socket:
    """A client that says what it sends, and keeps what it hears apart: events, and everything else."""

    opened: ClassVar[list["Socket"]] = []

    def __init__(self, url: str, *, timeout: float = 15, **options: Any) -> None:
        self.connection = websocket.create_connection(url, timeout=timeout, **options)
        self.opened.append(self)

    def send(self, action: str, **fields: Any) -> None:
        """One message."""
        self.connection.send(json.dumps({"action": action, **fields}))

    def ask(self, action: str, **fields: Any) -> dict[str, Any]:
        """One message, and the answer, which is the first message that is no event."""
        self.send(action, **fields)
        return next(message for message in self.messages() if "id" not in message)

    def messages(self) -> Iterator[dict[str, Any]]:
        """What comes, until the server closes."""
        while True:
            opcode, data = self.connection.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                self.close_code = int.from_bytes(data[:2], "big")
                return
            yield json.loads(data)

    def events(self) -> Iterator[dict[str, Any]]:
        """The events that come, until the server closes."""
        return (message for message in self.messages() if "id" in message)

    def close(self) -> None:
        """Leave."""
        with suppress(OSError, websocket.WebSocketException):
            self.connection.close(timeout=1)

    @classmethod
    def close_all(cls) -> None:
        """Leave with every socket that was opened."""
        for client in cls.opened:
            client.connection.shutdown()
        cls.opened.clear()
