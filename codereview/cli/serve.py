"""``codereview serve``: everything on this machine, until stopped."""

import signal
import threading
from pathlib import Path

import click

from codereview.adapters.embedded.stack import Stack
from codereview.config import load_settings
from codereview.logs import configure_logging


@click.command()
@click.option("--host", help="Address to listen on (default 127.0.0.1; another one needs API keys).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default 8080; 0: any free one).")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where reviews are kept.")
@click.option("--concurrency", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes per agent.")
def serve(host: str | None, port: int | None, data_dir: Path | None, concurrency: int) -> None:
    """Serve the page, the API and the WebSocket, with Redis and the workers started privately.

    Redis is the one of CODEREVIEW_REDIS_URL, else a private redis-server or valkey-server.
    """
    given = {"host": host, "port": port, "data_dir": data_dir}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    configure_logging("WARNING")
    with Stack(settings, concurrency) as stack:
        click.echo(f"codereview is at {stack.url}  (logs in {settings.data_dir / 'logs'}; Ctrl-C stops)", err=True)
        wait_for_stop()
        click.echo("stopping …", err=True)


def wait_for_stop() -> None:
    """Return at SIGINT or SIGTERM."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
