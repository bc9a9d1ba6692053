"""The embedded deployment, whole: Redis, three workers, gunicorn; driven as a person drives it."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.workers import eventually

from codereview.adapters.api_client import ApiClient
from codereview.adapters.deployed_api import DeployedApi
from codereview.adapters.embedded.stack import Stack
from codereview.application.acceptance import check
from codereview.config import load_settings
from codereview.domain.events import Event
from codereview.errors import ConfigurationError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = load_settings(data_dir=tmp_path_factory.mktemp("stack"), port=0, redis_url="")
    with Stack(settings) as running:
        eventually(ApiClient(running.url).ready, f"ready; logs in {settings.data_dir}")
        yield running


def _files(copies: int) -> dict[str, object]:
    paths = sorted(path for path in EXAMPLE.rglob("*") if path.is_file())
    texts = {path.relative_to(EXAMPLE).as_posix(): path.read_text() for path in paths}
    return {"files": [{"path": f"c{n}/{path}", "text": text} for n in range(copies) for path, text in texts.items()]}


def _watch(url: str, review_id: str, *, after: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "codereview.cli.main", "watch", review_id, "--url", url, "--json"]
    return subprocess.Popen([*command, "--after", str(after)], stdout=subprocess.PIPE, text=True)


def test_a_killed_terminal_client_resumes_where_it_was_cut(stack: Stack) -> None:
    """The two halves are the sequence that who never left has seen."""
    client = ApiClient(stack.url)
    review_id = client.submit(_files(40))["reviewId"]
    first = _watch(stack.url, review_id)
    assert first.stdout is not None
    seen = [Event.model_validate_json(first.stdout.readline()) for _ in range(5)]
    first.send_signal(signal.SIGKILL)
    rest, _ = first.communicate()
    seen += [Event.model_validate_json(line) for line in rest.splitlines() if line.endswith("}")]
    assert not seen[-1].type.terminal, "the review ended before the client was killed"
    second = _watch(stack.url, review_id, after=seen[-1].id)
    out, _ = second.communicate(timeout=60)
    seen += [Event.model_validate_json(line) for line in out.splitlines()]
    whole = list(client.follow(review_id))
    assert seen == whole
    assert [event.id for event in whole] == list(range(1, len(whole) + 1))
    assert second.returncode == 1


def test_the_review_that_streamed_is_the_review_that_is_stored(stack: Stack) -> None:
    """Whoever watched and whoever reads later know the same."""
    client = ApiClient(stack.url)
    review_id = client.submit(_files(1))["reviewId"]
    streamed = {}
    for event in client.follow(review_id):
        if event.type in ("finding", "finding_updated"):
            finding = event.data["finding"]
            assert isinstance(finding, dict)
            streamed[finding["fingerprint"]] = finding
    stored = {f.fingerprint: f.to_wire() for f in client.review(review_id).findings}
    assert stored == streamed
    assert {finding["agent"] for finding in stored.values()} == {"security", "bug"}


def test_the_pipelines_test_accepts_it_and_metrics_tell_of_it(stack: Stack) -> None:
    """By its URLs alone; then one address has what the API counted and what its workers did in their processes."""
    accepted = check(DeployedApi(stack.url), lambda: 60)
    assert accepted.events > 5
    with urllib.request.urlopen(f"{stack.url}/metrics") as answer:
        lines = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))
    counted = {name: float(value) for name, value in lines.items()}
    assert counted["codereview_reviews_completed_total"] == counted["codereview_reviews_submitted_total"] > 0
    assert counted['codereview_unit_duration_seconds_count{agent="security"}'] > 0
    assert counted['codereview_workers{agent="bug"}'] == 1
    assert counted['codereview_pending_reviews_per_agent{agent="bug"}'] == 0


def test_a_second_serve_on_the_same_data_is_refused(stack: Stack) -> None:
    """Two of them would fight over one Redis."""
    with pytest.raises(ConfigurationError, match="another `codereview serve` uses"):
        Stack(stack.settings).start()


def test_a_worker_that_dies_is_back_for_the_next_review(stack: Stack) -> None:
    """The supervisor restarts it."""
    client = ApiClient(stack.url)
    assert all(stack.supervisor.status().values())
    child = next(c for c in stack.supervisor.children if c.name == "worker-bug")
    assert child.process is not None
    os.killpg(child.process.pid, signal.SIGKILL)
    review_id = client.submit(_files(1))["reviewId"]
    began = time.monotonic()
    events = list(client.follow(review_id))
    assert events[-1].type == "review_completed"
    assert time.monotonic() - began < 30


def test_the_demo_shows_findings_and_says_where_to_look(tmp_path: Path) -> None:
    """The first thing a newcomer runs."""
    command = [sys.executable, "-m", "codereview.cli.main", "demo", str(EXAMPLE), "--exit", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, cwd=tmp_path, check=False)
    assert done.returncode == 1, done.stderr
    assert "security agent" in done.stdout
    assert "bug agent" in done.stdout
    assert "no model ran" in done.stdout
    assert "http://127.0.0.1:" in done.stderr
