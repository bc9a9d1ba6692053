"""Lambda's Runtime API, as far as a function needs it, and functions that run under Amazon's own runtime client."""

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

from deploy.package.measuring import runtime_modules, unpack

#: Sees the package, the runtime's own modules and the standard library, and nothing of the environment of the tests.
_PROGRAM = """
import sys
sys.path[:0] = [sys.argv[1]]
sys.path.append(sys.argv[2])
sys.dont_write_bytecode = True
from awslambdaric.__main__ import main
main(["awslambdaric", sys.argv[3]])
"""


@dataclass(frozen=True)
class Answer:
    """What a function did with an event: its result, or its error as Lambda reports it."""

    body: Any
    failed: bool = False


@dataclass
class _Shared:
    events: "Queue[tuple[str, bytes, int]]" = field(default_factory=Queue)
    answers: "Queue[Answer]" = field(default_factory=Queue)
    closing: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    shared: _Shared
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        while not self.shared.closing.is_set():
            try:
                request_id, body, seconds = self.shared.events.get(timeout=0.1)
            except Empty:
                continue
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", request_id)
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + seconds) * 1000)))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:f")
            self.send_header("Content-Type", "application/json")  # the runtime client crashes without it
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.shared.answers.put(Answer(json.loads(body), failed=self.path.endswith("/error")))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class RunningFunction:
    """One instance of a packaged function, as a context manager."""

    def __init__(self, function: str, package: Path, directory: Path, environment: Mapping[str, str]) -> None:
        self._function = function
        self._package = package
        self._directory = directory
        self._environment = environment
        self._shared = _Shared()
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"shared": self._shared})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        serving.start()
        task, runtime = self._directory / "task", self._directory / "runtime"
        runtime.mkdir(parents=True)
        unpack(self._package, task)
        runtime_modules(runtime, "awslambdaric")
        arguments = [str(task), str(runtime), f"lambdas.{self._function}.handler"]
        self._log = (self._directory / "output.log").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, *arguments],
            cwd=task,
            env={
                "PATH": os.environ["PATH"],
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
                "AWS_LAMBDA_FUNCTION_NAME": self._function,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                **self._environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

        def end() -> None:
            self._shared.closing.set()
            self._process.kill()
            self._process.wait()
            server.shutdown()
            server.server_close()
            self._log.close()

        self._ends.callback(end)
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def send(self, event: object, *, seconds: int = 30) -> None:
        """Invoke it, and do not wait."""
        self._shared.events.put((str(uuid.uuid4()), json.dumps(event).encode(), seconds))

    def answer(self) -> Answer:
        """What it answered, or how it failed to start."""
        try:
            return self._shared.answers.get(timeout=30)
        except Empty:
            raise AssertionError(f"{self._function} did not answer:\n{self.output()}") from None

    def invoke(self, event: object, *, seconds: int = 30) -> Answer:
        """Invoke it; its answer."""
        self.send(event, seconds=seconds)
        return self.answer()

    def output(self) -> str:
        """What it printed so far."""
        return (self._directory / "output.log").read_text()

    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines among it."""
        return [json.loads(line) for line in self.output().splitlines() if line.startswith("{")]
