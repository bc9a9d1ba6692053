"""``python -m bench``: what the spine costs, each figure beside the least that could do the same."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from bench.broadcast import broadcast as broadcast_command
from bench.page import page as page_command
from codereview.adapters.api_client import ApiClient
from codereview.adapters.embedded.redis_server import PrivateRedis
from codereview.adapters.embedded.stack import Stack
from codereview.adapters.redis.bus import RedisEventBus
from codereview.adapters.redis.client import connect
from codereview.adapters.redis.ledger import RedisLedger
from codereview.bootstrap import build
from codereview.config import load_settings
from codereview.domain.events import AgentProgress, EventType, draft
from codereview.domain.reviews import Review
from codereview.domain.submission import Submission
from codereview.domain.units import UnitSpec

CODE = "import os\n\n\ndef run(flags=[]):\n    os.system('ls ' + input())\n    return flags\n"


def _times(action: Callable[[int], object], rounds: int) -> list[float]:
    taken = []
    for number in range(rounds):
        began = time.perf_counter()
        action(number)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _row(name: str, taken: list[float], base: list[float] | None = None) -> None:
    cut = statistics.quantiles(taken, n=100)
    ratio = f"  {statistics.median(taken) / statistics.median(base):5.1f} x baseline" if base else "  baseline"
    click.echo(f"{name:<44} p50 {cut[49]:8.2f} ms  p99 {cut[98]:8.2f} ms{ratio}")


@click.group()
def bench() -> None:
    """Measure; every table says what its baseline is."""


@bench.command()
@click.option("--rounds", default=500, show_default=True)
def redis(rounds: int) -> None:
    """Emit and submit, beside a bare RPUSH and PUBLISH."""
    with tempfile.TemporaryDirectory() as directory:
        private = PrivateRedis.prepare(Path(directory))
        with (Path(directory) / "log").open("wb") as log:
            process = private.start(log.fileno())
        try:
            time.sleep(1)
            client = connect(private.url)
            payload = b"x" * 400

            def bare(_: int) -> None:
                with client.pipeline() as pipe:
                    pipe.rpush("bench", payload)
                    pipe.publish("bench", payload)
                    pipe.execute()

            base = _times(bare, rounds)
            ledger, bus = RedisLedger(client), RedisEventBus(client)
            ledger.create(
                Review(id="rv_bench", created_at=0),
                [UnitSpec(id="bug-b001", agent="bug", batch_id="b001")],
                deadline_ms=600_000,
            )

            def emit(number: int) -> None:
                progress = AgentProgress(unit_id="bug-b001", step="x" * 300)
                bus.emit(draft("rv_bench", EventType.AGENT_PROGRESS, progress, agent="bug", dedupe=str(number)))

            service = build(
                load_settings(redis_url=private.url, data_dir=Path(directory), max_waiting_per_owner=10_000)
            )
            submission = Submission(code=CODE, filename="app.py")
            _row("RPUSH + PUBLISH in one pipeline", base)
            _row("emit: checks, dedupe, number, append, publish", _times(emit, rounds), base)
            _row(
                "submit: validate, plan, store, chord of two",
                _times(lambda _: service.service.submit(submission), 100),
                base,
            )
        finally:
            process.terminate()
            process.wait()


@bench.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def cli(path: Path) -> None:
    """`codereview review PATH`, beside `ruff check` alone on the same files."""
    began = time.perf_counter()
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", str(path)]
    subprocess.run(ruff, stdout=subprocess.DEVNULL, check=True)
    base = time.perf_counter() - began
    began = time.perf_counter()
    review = [sys.executable, "-m", "codereview.cli.main", "review", str(path), "--format", "json", "--no-config"]
    done = subprocess.run(review, capture_output=True, check=False)
    taken = time.perf_counter() - began
    document = json.loads(done.stdout)
    metrics = document["metrics"]
    click.echo(f"{metrics['files']} files, {metrics['lines']} lines, {metrics['findingCount']} findings")
    click.echo(f"ruff alone {base:.2f} s; codereview review {taken:.2f} s ({taken / base:.1f} x)")


@bench.command()
@click.option("--rounds", default=20, show_default=True)
def live(rounds: int) -> None:
    """From POST to the first finding and to the end, through gunicorn, Redis and workers."""
    with tempfile.TemporaryDirectory() as directory:
        settings = load_settings(data_dir=Path(directory), port=0, host="127.0.0.1")
        with Stack(settings) as stack:
            client = ApiClient(stack.url)
            while not client.ready():
                time.sleep(0.2)
            health, first, ended = [], [], []
            for number in range(rounds + 1):
                began = time.perf_counter()
                client.ready()
                ready = time.perf_counter() - began
                began, found = time.perf_counter(), 0.0
                review_id = client.submit({"code": f"{CODE}\n# {number}\n", "filename": "app.py"})["reviewId"]
                for event in client.follow(review_id):
                    if event.type is EventType.FINDING and not found:
                        found = time.perf_counter() - began
                if number:  # the first one warms the workers up
                    health.append(ready * 1000)
                    first.append(found * 1000)
                    ended.append((time.perf_counter() - began) * 1000)
            _row("GET /api/ready", health)
            _row("POST to first finding", first, health)
            _row("POST to terminal event", ended, health)


bench.add_command(page_command)
bench.add_command(broadcast_command)


if __name__ == "__main__":
    bench()
