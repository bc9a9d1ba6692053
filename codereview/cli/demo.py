"""``codereview demo``: the whole product on a sample project, in the terminal and in a browser."""

import socket
import sys
import tempfile
import time
from pathlib import Path

import click

from codereview.adapters.api_client import ApiClient
from codereview.adapters.embedded.stack import Stack
from codereview.bootstrap import limits
from codereview.cli.serve import wait_for_stop
from codereview.cli.watch import exit_code_of, print_event
from codereview.config import Settings, load_settings
from codereview.domain.events import Event
from codereview.errors import BackendUnavailable
from codereview.inputs.paths import read_paths
from codereview.logs import configure_logging

_START_TIMEOUT_S = 60.0


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--exit", "leave", is_flag=True, help="Stop after the review, with its exit code.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Preferred port.")
def demo(path: Path, leave: bool, port: int) -> int:
    """Start everything privately, review PATH, and stream the findings here and to a local page."""
    configure_logging("WARNING")
    with tempfile.TemporaryDirectory(prefix="codereview-demo-") as directory:
        chosen = port if _is_free(port) else 0
        settings = load_settings(data_dir=Path(directory), port=chosen, host="127.0.0.1", auth="none")
        _say("starting Redis, the coordinator, the security agent, the bug agent and the API …")
        with Stack(settings) as stack:
            client = ApiClient(stack.url)
            _await_ready(client, stack)
            last = _review(client, path, settings, stack.url)
            if leave:
                return exit_code_of(last)
            _say(f"\nThe review stays at {stack.url} until you press Ctrl-C.")
            wait_for_stop()
            _say("stopping …")
    return 0


def _review(client: ApiClient, path: Path, settings: Settings, url: str) -> Event | None:
    sources = read_paths([path], root=path if path.is_dir() else path.parent, limits=limits(settings))
    files = [{"path": file.path, "text": file.text} for file in sources.files]
    accepted = client.submit({"files": files, "label": path.name})
    review_id = str(accepted["reviewId"])
    _say(f"reviewing {len(files)} files of {path}: watch it at {url}/review/{review_id}\n")
    last: Event | None = None
    for event in client.follow(review_id):
        last = event
        print_event(event, as_json=False)
        sys.stdout.flush()
    return last


def _await_ready(client: ApiClient, stack: Stack) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not client.ready():
        if time.monotonic() > deadline:
            down = [name for name, alive in stack.supervisor.status().items() if not alive]
            words = "; ".join(f"{name}: {stack.supervisor.last_words(name)}" for name in down)
            raise BackendUnavailable(f"the service did not come up ({words or 'its workers are not ready'})")
        time.sleep(0.1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _say(line: str) -> None:
    click.echo(line, err=True)
