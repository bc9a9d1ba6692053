"""A local HTTP server that speaks Anthropic's Messages API: the real client talks to it, and its answers are a test's.

It streams as the service does, bills prompts by a simulated prefix cache, refuses what the service refuses, breaks
when told to, and keeps a ledger of every request, so that a bill can be compared with it to the cent::

    with MessagesServer(lambda asked: answer(findings=[…]), load_catalogue()) as server:
        client = anthropic.Anthropic(api_key="k", base_url=server.url)
        …
    assert server.spend.nano_usd == …

Message batches, token counts and models are there too, and the paths of Bedrock and of SageMaker endpoints, for
``AnthropicBedrock(base_url=server.url)`` and boto3's ``endpoint_url``. In a process of its own::

    python -m codereview.testkit.messages_server --port 8099 --rule tests_of_mine:rule --ledger bill.jsonl
"""

import argparse
import importlib
import signal
import sys
import threading
import time
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Self

from codereview.domain.tokens import Spend
from codereview.model_catalogue import ModelCatalogue
from codereview.testkit.batches import Batches
from codereview.testkit.exchange import Asked, Rule
from codereview.testkit.http_handler import Handler
from codereview.testkit.ledger import Entry
from codereview.testkit.rate_limits import Limits
from codereview.testkit.service import MessagesService

__all__ = ["Entry", "Limits", "MessagesServer"]


class MessagesServer:
    """The server. ``rule`` decides what each request gets; it may be replaced while it runs.

    ``catalogue`` prices the requests and names the models there are. ``minimum`` is the shortest prefix, in tokens,
    that is cached; ``clock`` (seconds) drives its expiry and the minutes of ``limits``. So many ``batch_looks`` find a
    message batch still under way. ``ledger_file`` gets a line of JSON for every request.
    """

    def __init__(
        self,
        rule: Rule,
        catalogue: ModelCatalogue,
        *,
        keys: tuple[str, ...] = (),
        minimum: int = 1024,
        clock: Callable[[], float] = time.monotonic,
        limits: Limits = Limits(),  # noqa: B008  frozen
        batch_looks: int = 1,
        ledger_file: Path | None = None,
        port: int = 0,
    ) -> None:
        self._service = MessagesService(
            rule, catalogue, keys=keys, minimum=minimum, clock=clock, limits=limits, ledger_file=ledger_file
        )
        batches = Batches(self._service, looks=batch_looks)
        handler = type("Bound", (Handler,), {"service": self._service, "batches": batches})
        self._http = _Http(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        batches.base_url = self.url
        self._thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def serve(self) -> None:
        """Answer until `stop` is called from another thread."""
        self._http.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        """End `serve`."""
        self._http.shutdown()

    @property
    def rule(self) -> Rule:
        """What decides."""
        return self._service.rule

    @rule.setter
    def rule(self, rule: Rule) -> None:
        self._service.rule = rule

    @property
    def entries(self) -> list[Entry]:
        """The ledger: every well-formed request, in the order they were answered. May be cleared."""
        return self._service.ledger.entries

    @property
    def spend(self) -> Spend:
        """Everything that was billed."""
        return self._service.ledger.spend()

    @property
    def asked(self) -> list[Asked]:
        """Every request to messages."""
        return [entry.asked for entry in self.entries]

    @property
    def most_at_once(self) -> int:
        """The most requests that were being answered at one time."""
        return self._service.most_at_once


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main(arguments: list[str] | None = None) -> int:
    """Serve in a process of its own until it is interrupted or terminated; the address is printed first."""
    from codereview.adapters.model_catalogue import load_catalogue  # noqa: PLC0415  only the command needs it

    parser = argparse.ArgumentParser(prog="python -m codereview.testkit.messages_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="a port of this machine; 0 for any that is free")
    parser.add_argument("--rule", required=True, metavar="MODULE:FUNCTION", help="what decides each answer")
    parser.add_argument("--ledger", type=Path, help="a file that gets a line of JSON for every request")
    parser.add_argument("--key", action="append", default=[], help="an API key it knows; any will do without")
    parser.add_argument("--models", type=Path, help="a catalogue of models and prices over the packaged one")
    options = parser.parse_args(arguments)
    module, _, function = options.rule.partition(":")
    rule = getattr(importlib.import_module(module), function)
    catalogue = load_catalogue(options.models)
    server = MessagesServer(rule, catalogue, keys=tuple(options.key), ledger_file=options.ledger, port=options.port)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: threading.Thread(target=server.stop).start())
    print(server.url, flush=True)  # noqa: T201  the address is this program's output
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
