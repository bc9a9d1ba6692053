"""Counting for Prometheus over several processes that come, fork, die and are replaced."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.api_app import Api

from codereview.adapters.prometheus import PrometheusMetrics, forget
from codereview.domain import metrics
from codereview.domain.metrics import METRICS
from codereview.telemetry import Telemetry

_SPAWN = multiprocessing.get_context("spawn")


def _samples(text: bytes) -> dict[tuple[str, str], float]:
    families = text_string_to_metric_families(text.decode())
    return {
        (sample.name, ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def _work(directory: Path, sockets: int, die: bool) -> None:
    """In another process: count a review, open sockets, and end in order or not."""
    PrometheusMetrics(directory).record(
        metrics.REVIEWS_COMPLETED.of(),
        metrics.REVIEW_DURATION.of(2000),
        metrics.WEBSOCKET_CONNECTIONS.of(sockets, Source="api"),
        metrics.QUEUE_DEPTH.of(sockets, Agent="bug"),
    )
    if die:
        os.kill(os.getpid(), signal.SIGKILL)


def _in_another_process(directory: Path, sockets: int = 1, *, die: bool = False) -> None:
    process = _SPAWN.Process(target=_work, args=(directory, sockets, die))
    process.start()
    process.join(20)
    assert process.exitcode == (-signal.SIGKILL if die else 0)


def test_processes_that_follow_each_other_count_on_in_the_same_files(tmp_path: Path) -> None:
    """A worker replaces its processes again and again; the files must not pile up, nor what died be forgotten."""
    _in_another_process(tmp_path, die=True)
    files = sorted(tmp_path.glob("*.db"))
    _in_another_process(tmp_path)
    assert sorted(tmp_path.glob("*.db")) == files
    here = PrometheusMetrics(tmp_path)
    here.record(metrics.REVIEWS_COMPLETED.of())
    samples = _samples(here.exposition())
    assert samples["codereview_reviews_completed_total", ""] == 3
    assert samples["codereview_review_duration_seconds_sum", ""] == 4.0
    assert samples["codereview_review_duration_seconds_bucket", "le=2.5"] == 2


def test_connections_of_processes_that_are_gone_are_closed(tmp_path: Path) -> None:
    """A gauge of one's own dies with its process, however it died; a depth that was measured still holds."""
    _in_another_process(tmp_path, sockets=7, die=True)
    here = PrometheusMetrics(tmp_path)
    here.record(metrics.WEBSOCKET_CONNECTIONS.of(2, Source="api"))
    samples = _samples(here.exposition())
    assert samples["codereview_web_socket_connections", "source=api"] == 2
    assert samples["codereview_queue_depth", "agent=bug"] == 7


def test_a_forked_child_counts_apart_from_its_parent(tmp_path: Path) -> None:
    """Two processes writing one file would overwrite each other."""
    here = PrometheusMetrics(tmp_path)
    here.record(metrics.REVIEWS_SUBMITTED.of())
    child = os.fork()
    if not child:
        here.record(metrics.REVIEWS_SUBMITTED.of(2))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    here.record(metrics.REVIEWS_SUBMITTED.of(4))
    assert _samples(here.exposition())["codereview_reviews_submitted_total", ""] == 7
    assert len(list(tmp_path.glob("counter_*.db"))) == 2


def test_a_new_deployment_begins_at_nothing(tmp_path: Path) -> None:
    """`codereview serve` forgets what the one before counted."""
    _in_another_process(tmp_path)
    forget(tmp_path)
    assert b"codereview_reviews_completed_total 1" not in PrometheusMetrics(tmp_path).exposition()


def test_every_metric_can_be_counted(tmp_path: Path) -> None:
    """Names and labels are what Prometheus takes."""
    here = PrometheusMetrics(tmp_path)
    here.record(*(metric.of(1, **dict.fromkeys(metric.dimensions, "x")) for metric in METRICS.values()))
    read = {name for name, _ in _samples(here.exposition())}
    for metric in METRICS.values():
        name = metric.prometheus_name
        assert read & {name, f"{name}_total", f"{name}_count"}, metric.name


def test_a_directory_that_cannot_be_written_fails_no_review(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, and the work goes on."""
    (tmp_path / "file").touch()
    here = PrometheusMetrics(tmp_path / "file" / "below")
    for _ in range(3):
        here.record(metrics.REVIEWS_SUBMITTED.of())
    assert [record.message for record in caplog.records] == ["metrics_not_kept"]


def test_the_api_serves_what_was_counted_and_measures_the_queues(make_api: Callable[..., Api], tmp_path: Path) -> None:
    """One address for all of it."""
    api = make_api(telemetry=Telemetry(PrometheusMetrics(tmp_path / "metrics")))
    api.ended()
    api.assembly.dispatcher.waiting = 6
    answer = api.client.get("/metrics")
    samples = _samples(answer.data)
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert samples["codereview_reviews_submitted_total", ""] == 1
    assert samples["codereview_pending_reviews_per_agent", "agent=security"] == 6
    assert samples["codereview_workers", "agent=coordinator"] == 1


def test_without_redis_the_api_tells_the_rest(make_api: Callable[..., Api], tmp_path: Path) -> None:
    """What is down is what one looks at the figures for."""
    api = make_api(telemetry=Telemetry(PrometheusMetrics(tmp_path / "metrics")))
    api.submit()
    api.board.away = True
    answer = api.client.get("/metrics")
    assert answer.status_code == 200
    assert _samples(answer.data)["codereview_reviews_submitted_total", ""] == 1


def test_strangers_do_not_read_the_figures(make_api: Callable[..., Api], tmp_path: Path) -> None:
    """Where keys are asked for, Prometheus needs one too."""
    api = make_api(telemetry=Telemetry(PrometheusMetrics(tmp_path / "metrics")), keys_required=True)
    assert api.client.get("/metrics").status_code == 401
    assert api.client.get("/metrics", headers=api.key("prometheus")).status_code == 200
