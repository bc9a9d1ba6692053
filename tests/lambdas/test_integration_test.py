"""The pipeline's test of a deployment: what it accepts, what it refuses and why, and what CodePipeline is told."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

import lambdas.integration_test as function
from codereview.adapters.deployed_api import DeployedApi, aws_signature
from codereview.application.acceptance import EXPECTED, PROBE, PROBE_NAME, NotAccepted, check
from codereview.bootstrap import build_local
from codereview.config import Settings
from codereview.domain.submission import Submission
from codereview.errors import BackendUnavailable

REVIEW: dict[str, Any] = {
    "status": "completed",
    "outcome": "complete",
    "notices": [],
    "findings": [{"agent": agent, "startLine": line} for agent, line in EXPECTED.items()],
}
EVENTS = [{"id": 1, "type": "review_queued"}, {"id": 2, "type": "finding"}, {"id": 3, "type": "review_completed"}]


class Deployment:
    """A deployment that answers as it is told."""

    def __init__(self) -> None:
        self.health = 200
        self.accepted: tuple[int, dict[str, Any]] = (202, {"reviewId": "rv_1", "webSocketUrl": "wss://host/?ticket=t"})
        self.events = EVENTS
        self.reviews = [REVIEW]
        self.submitted: object = None

    def call(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        match method, path:
            case "GET", "/api/health":
                return self.health, {}
            case "POST", "/api/review":
                self.submitted = body
                return self.accepted
        return 200, self.reviews.pop(0) if len(self.reviews) > 1 else self.reviews[0]

    def listen(self, url: str, review_id: str, *, seconds: float) -> Iterator[dict[str, Any]]:
        assert (url, review_id) == ("wss://host/?ticket=t", "rv_1")
        yield from self.events


class Context:
    """Lambda's."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    made = Deployment()
    monkeypatch.setattr(function, "_deployed", lambda _: made)
    return made


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client("codepipeline", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(function.boto3, "client", lambda *_: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def _job(parameters: str) -> dict[str, Any]:
    configuration = {"configuration": {"FunctionName": "integration_test", "UserParameters": parameters}}
    return {"CodePipeline.job": {"id": JOB, "data": {"actionConfiguration": configuration}}}


JOB = "11111111-abcd-1111-abcd-111111abcdef"
PARAMETERS = json.dumps({"apiUrl": "https://api.example.org"})


def test_a_deployment_that_reviews_is_accepted_and_the_pipeline_told(deployment: Deployment, pipeline: Stubber) -> None:
    """By a review of code with known defects, followed to its end."""
    pipeline.add_response("put_job_success_result", {}, {"jobId": JOB, "outputVariables": {"reviewId": "rv_1"}})
    told = function.handler(_job(PARAMETERS), Context())
    assert told == {"accepted": True, "reviewId": "rv_1", "events": 3, "findings": 2}
    assert deployment.submitted == {"code": PROBE, "filename": PROBE_NAME}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"health": 502}, "GET /api/health answered 502 instead of 200"),
        ({"accepted": (503, {"detail": "no queue"})}, "POST /api/review answered 503 instead of 202: no queue"),
        ({"events": [EVENTS[0], EVENTS[2]]}, r"the events came as \[1, 3\]"),
        ({"events": EVENTS[:2]}, "the last event is finding"),
        ({"reviews": [{**REVIEW, "outcome": "partial", "notices": ["x was skipped."]}]}, "partial: x was skipped"),
        ({"reviews": [{**REVIEW, "findings": REVIEW["findings"][:1]}]}, "the security agent did not find the defect"),
    ],
)
def test_what_is_wrong_is_refused_in_words(deployment: Deployment, wrong: dict[str, Any], said: str) -> None:
    """Whoever reads the pipeline knows where to look."""
    for name, value in wrong.items():
        setattr(deployment, name, value)
    with pytest.raises(NotAccepted, match=said):
        check(deployment, lambda: 60)


def test_the_pipeline_is_told_of_a_failure(deployment: Deployment, pipeline: Stubber) -> None:
    """The action must end, or the pipeline waits for an hour."""
    deployment.health = 500
    message = "NotAccepted: GET /api/health answered 500 instead of 200: "
    details = {"type": "JobFailed", "message": message}
    pipeline.add_response("put_job_failure_result", {}, {"jobId": JOB, "failureDetails": details})
    assert function.handler(_job(PARAMETERS), Context()) == {"accepted": False, "reason": message}


@pytest.mark.parametrize("parameters", ["", "no json", "{}", '{"apiUrl": "https://x", "auth": "magic"}'])
def test_parameters_that_make_no_sense_end_the_action_too(pipeline: Stubber, parameters: str) -> None:
    """They come from the template of the pipeline."""
    from botocore.stub import ANY

    pipeline.add_response("put_job_failure_result", {}, {"jobId": JOB, "failureDetails": ANY})
    assert function.handler(_job(parameters), Context())["accepted"] is False


def test_who_is_no_pipeline_gets_the_figures_or_the_error(deployment: Deployment) -> None:
    """For a try by hand."""
    assert function.handler({"apiUrl": "https://api.example.org"}, Context())["accepted"] is True
    deployment.events = []
    deployment.health = 404
    with pytest.raises(NotAccepted):
        function.handler({"apiUrl": "https://api.example.org"}, Context())


def test_the_stored_review_is_waited_for(deployment: Deployment) -> None:
    """The last event can be heard before it is stored everywhere."""
    deployment.reviews = [{**REVIEW, "status": "running"}, REVIEW]
    pauses: list[float] = []
    check(deployment, lambda: 60, sleep=pauses.append)
    assert pauses == [2.0]
    deployment.reviews = [{**REVIEW, "status": "running"}]
    with pytest.raises(NotAccepted, match="is still running though its last event was sent"):
        check(deployment, lambda: 0, sleep=pauses.append)


def test_a_host_that_does_not_answer_is_not_accepted() -> None:
    """With its address, for that is what is usually wrong."""
    with pytest.raises(NotAccepted, match=r"http://127\.0\.0\.1:9/api/health cannot be reached"):
        check(DeployedApi("http://127.0.0.1:9"), lambda: 5)
    with pytest.raises(BackendUnavailable, match="the WebSocket failed"):
        list(DeployedApi("http://127.0.0.1:9").listen("ws://127.0.0.1:9/", "rv_1", seconds=5))


class Socket:
    """A WebSocket over which nothing more comes."""

    def __init__(self, *messages: str) -> None:
        self._messages = list(messages)
        self.closed = False

    def send(self, text: str) -> None:
        pass

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def recv(self) -> str:
        if not self._messages:
            raise TimeoutError("timed out")
        return self._messages.pop(0)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(("seconds", "said"), [(5, "the WebSocket failed: timed out"), (0, "not ended after 0 s")])
def test_time_that_runs_out_is_said_while_there_is_some_left_to_say_it(
    monkeypatch: pytest.MonkeyPatch, seconds: float, said: str
) -> None:
    """The function must not be stopped before it has told the pipeline."""
    socket = Socket('{"type": "heartbeat"}', '{"id": 1, "type": "review_queued"}')
    monkeypatch.setattr("websocket.create_connection", lambda *_, **__: socket)
    with pytest.raises(BackendUnavailable, match=said):
        list(DeployedApi("https://x").listen("wss://x", "rv_1", seconds=seconds))
    assert socket.closed


def test_requests_are_signed_where_the_api_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the credentials of the function's role."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    headers = aws_signature("eu-west-1")("POST", "https://x.example/api/review", {"Content-Type": "t"}, b"{}")
    assert "/eu-west-1/execute-api/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "token"


@pytest.mark.slow
def test_the_agents_find_what_the_probe_is_made_of() -> None:
    """On the very lines; else no deployment would ever be accepted."""
    local = build_local(Settings(model_provider="none"))
    try:
        review = local.service.submit(Submission(code=PROBE, filename=PROBE_NAME))
        list(local.service.follow(review.id))
        findings = local.service.get(review.id).findings
    finally:
        local.close()
    assert set(EXPECTED.items()) <= {(finding.agent, finding.start_line) for finding in findings}
