"""The page as a file store serves it: files under another origin than the API, with a policy of its own."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parents[2] / "api" / "static"


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: Any, policy: list[str], **named: Any) -> None:
        self._policy = policy
        super().__init__(*arguments, **named)

    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0].removeprefix("/static/").strip("/") or "index.html"
        return str(STATIC / name)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self._policy[0])
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


class StaticSite:
    """Serves the page's files; `allow` says which API its policy lets it call."""

    def __init__(self) -> None:
        self._policy = ["default-src 'none'"]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, policy=self._policy))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its origin."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def allow(self, host: str) -> None:
        """Let the page call the API at this host and port."""
        self._policy[0] = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
            f"form-action 'none'; connect-src http://{host} ws://{host}"
        )

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
