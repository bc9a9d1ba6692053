"""``python -m bench broadcast``: from an event's emit to its delivery to the connections of API Gateway."""

import json
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import boto3
import click
from botocore.config import Config

from codereview.adapters.api_gateway import ApiGatewaySockets
from codereview.adapters.embedded.redis_server import PrivateRedis
from codereview.adapters.memory.connections import MemoryConnectionStore
from codereview.adapters.redis.audience import RedisAudience
from codereview.adapters.redis.bus import RedisEventBus
from codereview.adapters.redis.client import connect, without_retries
from codereview.adapters.redis.ledger import RedisLedger
from codereview.adapters.redis.subscription import Subscription
from codereview.adapters.system import SystemClock
from codereview.domain.events import AgentProgress, EventType, ReviewEnded, draft
from codereview.domain.reviews import Review, ReviewStatus, Verdict
from codereview.domain.units import UnitSpec
from codereview.live_connections import SocketConnection
from codereview.web.broadcasting import Broadcaster, BroadcastParts


class _Gateway(BaseHTTPRequestHandler):
    """API Gateway's management API, as far as it is called: notes when each event arrived for each connection."""

    protocol_version = "HTTP/1.1"
    arrived: ClassVar[dict[str, dict[int, float]]] = defaultdict(dict)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = json.loads(body)
        if "id" in event:
            self.arrived[self.path.rpartition("/")[2]][event["id"]] = time.perf_counter()
        self._answer(200)

    def do_DELETE(self) -> None:
        self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Nobody:
    def start(self, review_id: str, hop: int = 0) -> None:
        """Nothing is handed over here."""


@click.command()
@click.option("--connections", default=5, show_default=True, help="That follow the review.")
@click.option("--events", default=500, show_default=True, help="Emitted, one after the other.")
@click.option("--per-second", default=50, show_default=True, help="How quickly.")
def broadcast(connections: int, events: int, per_second: int) -> None:
    """Emit → post to a connection, beside emit → a bare subscriber of the channel in the same run."""
    with tempfile.TemporaryDirectory() as directory:
        private = PrivateRedis.prepare(Path(directory))
        with (Path(directory) / "log").open("wb") as log:
            process = private.start(log.fileno())
        try:
            time.sleep(1)
            _measure(private.url, connections, events, per_second)
        finally:
            process.terminate()
            process.wait()


def _measure(url: str, connections: int, events: int, per_second: int) -> None:
    client = connect(url)
    ledger, bus, audience = RedisLedger(client), RedisEventBus(client), RedisAudience(client)
    unit = UnitSpec(id="bug-b001", agent="bug", batch_id="b001")
    ledger.create(Review(id="rv_bench", created_at=0), [unit], deadline_ms=600_000)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    store = MemoryConnectionStore()
    for number in range(connections):
        store.add(SocketConnection(f"c{number}", SystemClock().now_ms(), review_id="rv_bench"))
        audience.join("rv_bench", f"c{number}", 0)
    broadcaster = Broadcaster(
        BroadcastParts(
            bus=RedisEventBus(connect(url)),
            audience=RedisAudience(connect(url)),
            store=store,
            gateway=ApiGatewaySockets("", region="us-east-1", client=_sockets(server.server_port)),
            starter=_Nobody(),
            clock=SystemClock(),
        )
    )
    carrying = threading.Thread(target=broadcaster.run, args=("rv_bench", lambda: 3600.0))
    carrying.start()
    heard: dict[int, float] = {}
    listening = threading.Thread(target=_listen, args=(url, heard, events))
    listening.start()
    time.sleep(1)
    emitted: dict[int, float] = {}
    for number in range(1, events + 1):
        emitted[number] = time.perf_counter()
        progress = AgentProgress(unit_id="bug-b001", step="x" * 300)
        bus.emit(draft("rv_bench", EventType.AGENT_PROGRESS, progress, agent="bug", dedupe=str(number)))
        time.sleep(1 / per_second)
    ledger.decide("rv_bench", ReviewStatus.COMPLETED)
    ended = ReviewEnded(status=ReviewStatus.COMPLETED, verdict=Verdict.PASS)
    bus.emit(draft("rv_bench", EventType.REVIEW_COMPLETED, ended, dedupe="end"))
    carrying.join()
    listening.join()
    server.shutdown()
    server.server_close()
    base = [(heard[number] - emitted[number]) * 1000 for number in emitted if number in heard]
    late = [(arrived[number] - emitted[number]) * 1000 for arrived in _Gateway.arrived.values() for number in emitted]
    _row("emit -> a bare subscriber", base, base)
    _row(f"emit -> post to each of {connections} connections", late, base)
    complete = all(len(arrived) == events + 1 for arrived in _Gateway.arrived.values())
    click.echo(f"{len(late)} deliveries, {'none missing' if complete else 'SOME MISSING'}")


def _listen(url: str, heard: dict[int, float], events: int) -> None:
    with Subscription(without_retries(connect(url)), "events:rv_bench") as subscription:
        while len(heard) < events:
            if (message := subscription.get(30.0)) is None:
                return
            heard[json.loads(message)["id"]] = time.perf_counter()


def _sockets(port: int) -> object:
    keys = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench", "region_name": "us-east-1"}
    config = Config(max_pool_connections=64, retries={"total_max_attempts": 1})
    return boto3.client("apigatewaymanagementapi", endpoint_url=f"http://127.0.0.1:{port}/live", config=config, **keys)


def _row(name: str, taken: list[float], base: list[float]) -> None:
    cut = statistics.quantiles(taken, n=100)
    ratio = f"{statistics.median(taken) / statistics.median(base):5.1f} x baseline" if taken is not base else "baseline"
    click.echo(f"{name:<44} p50 {cut[49]:8.2f} ms  p99 {cut[98]:8.2f} ms  {ratio}")
