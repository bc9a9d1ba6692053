"""A loopback HTTP server with Message Batches: the answers, errors and delays of each are a test's."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


def succeeded(text: str, *, stop: str = "end_turn", **usage: int) -> Json:
    """The result of a call that was answered."""
    counted = {"input_tokens": 10, "output_tokens": 5, **usage}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": counted,
    }
    return {"type": "succeeded", "message": message}


def errored(kind: str, said: str = "because") -> Json:
    """The result of a call that failed."""
    return {"type": "errored", "error": {"type": "error", "error": {"type": kind, "message": said}, "request_id": "r"}}


class BatchServer:
    """``answer`` makes the result of a call from its params. ``polls`` looks find a batch still under way; while it is
    None none ever ends but by being cancelled. ``failing`` statuses are given to the next requests first."""

    def __init__(self, answer: Callable[[Json], Json | None], *, polls: int | None = 1) -> None:
        self.answer = answer
        self.polls = polls
        self.failing: list[int] = []
        #: The requests of each batch.
        self.batches: list[list[Json]] = []
        self.looks = 0
        self.cancelled: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._reply(lambda: outer._get(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._reply(lambda: outer._post(self.path, json.loads(body or b"{}")))

            def _reply(self, make: Callable[[], Json | str]) -> None:
                status = outer.failing.pop(0) if outer.failing else 200
                failure = {"type": "error", "error": {"type": "api_error", "message": f"failing {status}"}}
                body = make() if status == 200 else failure
                data = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator["BatchServer"]:
        """Serve within it."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _post(self, path: str, body: Json) -> Json:
        if path.endswith("/cancel"):
            batch_id = path.split("/")[-2]
            self.cancelled.append(batch_id)
            return self._batch(batch_id, "canceling")
        self.batches.append(body["requests"])
        return self._batch(f"b{len(self.batches) - 1}", "in_progress")

    def _get(self, path: str) -> Json | str:
        *_, batch_id, last = ["", *path.split("/")]
        if last == "results":
            lines = [
                {"custom_id": request["custom_id"], "result": result}
                for request in reversed(self.batches[int(batch_id[1:])])
                if (result := self._result(batch_id, request["params"])) is not None
            ]
            return "".join(json.dumps(line) + "\n" for line in lines)
        self.looks += 1
        over = last in self.cancelled or (self.polls is not None and self.looks > self.polls)
        return self._batch(last, "ended" if over else "in_progress")

    def _result(self, batch_id: str, params: Json) -> Json | None:
        return {"type": "canceled"} if batch_id in self.cancelled else self.answer(params)

    def _batch(self, batch_id: str, status: str) -> Json:
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        return {
            "id": batch_id,
            "type": "message_batch",
            "processing_status": status,
            "request_counts": counts,
            "created_at": "2026-11-22T00:00:00Z",
            "expires_at": "2026-11-23T00:00:00Z",
            "results_url": f"{self.url}/v1/messages/batches/{batch_id}/results" if status == "ended" else None,
        }
