"""`docker-compose up` serves the same product: submit through the published port, scale an agent, stop cleanly."""

from collections.abc import Callable

import pytest
from support.compose import Compose

from codereview.adapters.api_client import ApiClient
from codereview.domain.reviews import Verdict

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

URL = "http://127.0.0.1:8080"
CODE = """import os

from flask import request


def run(flags=[]):
    os.system("ls " + request.args["folder"])
    return flags
"""

Eventually = Callable[[Callable[[], bool], str], None]


def _review(client: ApiClient) -> tuple[Verdict | None, set[str]]:
    review_id = client.submit({"code": CODE, "filename": "app.py"})["reviewId"]
    for _ in client.follow(review_id):
        pass
    review = client.review(review_id)
    return review.verdict, {finding.agent for finding in review.findings}


def test_a_review_through_the_published_port_has_findings_of_both_agents(
    compose: Compose, eventually: Eventually
) -> None:
    """The stack comes up by itself: each service retries what is not there yet."""
    client = ApiClient(URL)
    eventually(client.ready, "the service is ready")
    verdict, agents = _review(client)
    assert verdict is Verdict.FINDINGS
    assert agents == {"security", "bug"}


def test_the_health_checks_of_the_images_pass(compose: Compose, eventually: Eventually) -> None:
    """The checks in the images are the ones an orchestrator acts on."""
    eventually(ApiClient(URL).ready, "the service is ready")
    for service in ("coordinator", "security", "bug"):
        for name in compose.containers(service):
            eventually(
                lambda name=name: "unhealthy" not in compose.podman("healthcheck", "run", name, check=False), name
            )


def test_no_container_runs_as_root(compose: Compose) -> None:
    """A hole in a tool that reads hostile code must not be root's."""
    for service in ("coordinator", "security", "bug"):
        for name in compose.containers(service):
            assert compose.podman("exec", name, "id", "-u").strip() == "10001"


def test_an_agent_scales_to_two_and_stops_cleanly(compose: Compose, eventually: Eventually) -> None:
    """More workers of one type need no other change; SIGTERM ends one with exit code 0."""
    compose.compose("up", "-d", "--scale", "security=2", "security")
    eventually(lambda: len(compose.containers("security")) == 2, "two security agents run")
    assert _review(ApiClient(URL))[0] is Verdict.FINDINGS
    for name in compose.containers("security"):
        compose.podman("stop", "--time", "60", name)
        assert compose.podman("inspect", name, "--format", "{{.State.ExitCode}}").strip() == "0"
