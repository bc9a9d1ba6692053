"""A review over the deployed URLs: REST in, WebSocket out, with everything between them as it is deployed.

The functions are the real packages, executed by the local AWS under the roles of the templates, which it enforces;
Redis is real and asks for its token; the workers are real Celery workers with the settings of the deployed task
definitions.
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, ClassVar

import psutil
import pytest
import websocket
from support.api_server import ApiServer
from support.aws_deployment import STACK, AwsDeployment
from support.deployed import CREDENTIALS
from support.infrastructure import require
from support.templates import ACCOUNT, render
from support.workers import eventually

from codereview.adapters.aws import AwsClients
from codereview.adapters.deployed_api import DeployedApi
from codereview.adapters.dynamodb import DynamoKeyStore
from codereview.adapters.system import SystemClock
from codereview.application.keys import new_key
from deploy.package.targets import here

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
CODE = """import sqlite3


def remember(name, seen=[]):
    seen.append(name)
    return seen


def find(connection: sqlite3.Connection, name):
    return connection.execute("SELECT * FROM people WHERE name = '" + name + "'").fetchall()
"""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsDeployment]:
    """The environment, with everything running in it."""
    require("infrastructure")
    require("awscli")
    with AwsDeployment(tmp_path_factory.mktemp("deployment"), AUTH="true") as running:
        yield running


class Client:
    """A WebSocket client of the deployed URL."""

    opened: ClassVar[list["Client"]] = []

    def __init__(self, url: str, **options: Any) -> None:
        self.socket = websocket.create_connection(url, timeout=40, **options)
        self.opened.append(self)

    def ask(self, **message: Any) -> None:
        """Send a message."""
        self.socket.send(json.dumps(message))

    def next(self) -> dict[str, Any] | None:
        """The next message, None when the connection was closed."""
        with suppress(websocket.WebSocketConnectionClosedException):
            if text := self.socket.recv():
                message: dict[str, Any] = json.loads(text)
                return message
        return None

    def answer(self, **message: Any) -> dict[str, Any]:
        """Send a message; the next message."""
        self.ask(**message)
        told = self.next()
        assert told is not None
        return told

    def events(self, count: int = 0) -> list[dict[str, Any]]:
        """The next events: so many, or up to the terminal one."""
        found: list[dict[str, Any]] = []
        while not count or len(found) < count:
            message = self.next()
            assert message is not None, f"closed after {[event['id'] for event in found]}"
            if "id" in message:
                found.append(message)
                if message["type"] in ("review_completed", "review_failed", "review_cancelled"):
                    break
        return found

    def close(self) -> None:
        """Leave."""
        self.socket.close()

    @classmethod
    def close_all(cls) -> None:
        """Leave with every connection that was made."""
        for client in cls.opened:
            client.socket.shutdown()
        cls.opened.clear()


@pytest.fixture(autouse=True)
def _leave() -> Iterator[None]:
    yield
    Client.close_all()


def _submit(deployment: AwsDeployment, code: str = CODE) -> dict[str, Any]:
    status, accepted = deployment.api.call("POST", "/api/review", {"code": code, "filename": "people.py"})
    assert status == 202, accepted
    return accepted


def _unique(name: str) -> str:
    """Code nobody reviewed before, so that no cache answers for the agents."""
    return f"{CODE}\n\nNAME = {name!r}\n"


def _follow(accepted: dict[str, Any], after: int = 0) -> Client:
    client = Client(accepted["webSocketUrl"])
    answer = client.answer(action="subscribe", reviewId=accepted["reviewId"], lastEventId=after)
    assert answer == {"type": "subscribed", "reviewId": accepted["reviewId"], "lastEventId": after}
    return client


def _ids(events: list[dict[str, Any]]) -> list[int]:
    return [event["id"] for event in events]


def _told(events: list[dict[str, Any]]) -> Counter[tuple[str, ...]]:
    """What events say, without when and by whom: a multiset, as the agents work side by side."""

    def facts(event: dict[str, Any]) -> tuple[str, ...]:
        data = event["data"]
        finding = data.get("finding", {})
        found = (finding.get("fingerprint", ""), finding.get("status", ""))
        return (event["type"], event["agent"], *found, data.get("step", ""), data.get("verdict", ""))

    return Counter(map(facts, events))


@pytest.fixture(scope="module")
def server(deployment: AwsDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """The coordinator's API over the same Redis and tables, with the settings of its task definition."""
    settings = deployment.settings_of("coordinator") | CREDENTIALS
    settings |= {"CODEREVIEW_AWS_ENDPOINT_URL": deployment.aws.url}
    url = f"redis://:{deployment.secret('redis-auth-token')}@127.0.0.1:{deployment.redis.port}/0"
    running = ApiServer(url, tmp_path_factory.mktemp("server"), **settings).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def key(deployment: AwsDeployment) -> str:
    """An API key, as `codereview keys` makes it."""
    os.environ.update(CREDENTIALS)
    clients = AwsClients(region="us-east-1", endpoint_url=deployment.aws.url)
    secret, stored = new_key("alice", "tests", SystemClock())
    DynamoKeyStore(f"{STACK}-keys", clients=clients).add(stored)
    return secret


def test_a_review_streams_from_the_rest_url_to_the_websocket_url(deployment: AwsDeployment) -> None:
    """Submitted, followed, read back; every event once, in order; and the connection is closed at the end."""
    accepted = _submit(deployment)
    client = _follow(accepted)
    events = client.events()
    assert _ids(events) == list(range(1, len(events) + 1))
    assert events[0]["type"] == "review_queued"
    assert events[-1]["type"] == "review_completed"
    assert client.next() is None
    status, review = deployment.api.call("GET", f"/api/review/{accepted['reviewId']}")
    assert (status, review["status"], review["outcome"]) == (200, "completed", "complete")
    assert {finding["startLine"] for finding in review["findings"]} >= {4, 10}


def test_the_events_are_those_of_the_apis_own_server(deployment: AwsDeployment, server: ApiServer, key: str) -> None:
    """The same code by the Flask routes and their WebSocket, over the same workers."""
    over_aws = _follow(accepted := _submit(deployment, _unique("same"))).events()
    # As fresh for the agents as it was for the first.
    deployment.live.delete("cache:findings", "cache:findings:used")
    direct = DeployedApi(f"http://127.0.0.1:{server.port}", api_key=key)
    status, answer = direct.call("POST", "/api/review", {"code": _unique("same"), "filename": "people.py"})
    assert status == 202
    client = Client(f"ws://127.0.0.1:{server.port}/ws", header={"X-Api-Key": key})
    client.ask(action="subscribe", reviewId=answer["reviewId"], lastEventId=0)
    by_server = client.events()
    assert _told(over_aws) == _told(by_server)
    assert over_aws[0]["type"] == by_server[0]["type"] == "review_queued"
    assert over_aws[-1]["type"] == by_server[-1]["type"] == "review_completed"
    _, ours = deployment.api.call("GET", f"/api/review/{accepted['reviewId']}")
    _, theirs = direct.call("GET", f"/api/review/{answer['reviewId']}")
    assert [finding["fingerprint"] for finding in ours["findings"]] == [
        finding["fingerprint"] for finding in theirs["findings"]
    ]


def test_a_client_that_lost_its_connection_goes_on_where_it_was(deployment: AwsDeployment) -> None:
    """Another connection with the last event's id: nothing is missing, nothing comes twice."""
    accepted = _submit(deployment, _unique("resume"))
    first = _follow(accepted)
    seen = first.events(count=4)
    first.socket.sock.close()  # without a word
    other = _follow(accepted, after=seen[-1]["id"])
    rest = other.events()
    assert _ids(seen + rest) == list(range(1, len(seen + rest) + 1))


def test_a_client_that_comes_after_the_end_gets_everything_too(deployment: AwsDeployment) -> None:
    """With a new ticket."""
    accepted = _submit(deployment, _unique("late"))
    first = _follow(accepted).events()
    status, renewed = deployment.api.call("POST", f"/api/review/{accepted['reviewId']}/ticket")
    assert status == 201
    assert _follow(accepted | {"webSocketUrl": renewed["webSocketUrl"]}).events() == first
    status, log = deployment.api.call("GET", f"/api/review/{accepted['reviewId']}/events")
    assert (status, log["ended"]) == (200, True)
    assert log["events"] == first


def test_several_clients_of_one_review_each_get_everything(deployment: AwsDeployment) -> None:
    """One broadcast serves them all, from where each asked."""
    accepted = _submit(deployment, _unique("several"))
    first = _follow(accepted)
    everything = first.events(count=3)  # who asks for what is not there yet is set back
    others = [_follow(accepted, after=number) for number in range(1, 4)]
    everything += first.events()
    for number, client in enumerate(others, start=1):
        assert client.events() == everything[number:]


def test_a_connection_leaves_no_trace(deployment: AwsDeployment) -> None:
    """Neither in DynamoDB nor in Redis, whether it left or was closed."""
    accepted = _submit(deployment, _unique("trace"))
    stays, leaves = _follow(accepted), _follow(accepted)
    leaves.close()
    stays.events()
    assert stays.next() is None
    table = deployment.aws.client("dynamodb")
    eventually(lambda: table.scan(TableName=f"{STACK}-connections")["Count"] == 0, "no connection is in the table")
    eventually(lambda: not deployment.live.keys("ws:*"), "no connection is in Redis")


def test_a_review_is_started_over_the_websocket(deployment: AwsDeployment, key: str) -> None:
    """By a key in a header, as at the API's own server."""
    client = Client(deployment.outputs["WebSocketUrl"], header={"X-Api-Key": key})
    started = client.answer(action="startReview", code=_unique("socket"), filename="people.py")
    assert (started["type"], started["status"]) == ("started", "pending")
    events = client.events()
    assert _ids(events) == list(range(1, len(events) + 1))
    assert {event["reviewId"] for event in events} == {started["reviewId"]}


def test_a_review_larger_than_an_item_comes_whole(deployment: AwsDeployment) -> None:
    """A thousand events to two clients, in order; its body lies in the bucket, where the function may read it."""
    dangerous = "def f{0}(x{0}):\n    os.system('a' + input() + str(x{0}) + '{0}')\n\n"
    accepted = _submit(deployment, "import os\n" + "".join(dangerous.format(number) for number in range(400)))
    one = _follow(accepted)
    early = one.events(count=100)
    other = _follow(accepted, after=100)
    events = early + one.events()
    assert _ids(events) == list(range(1, len(events) + 1))
    assert len(events) > 1000
    assert other.events() == events[100:]
    status, review = deployment.api.call("GET", f"/api/review/{accepted['reviewId']}")
    assert (status, review["outcome"]) == (200, "complete")
    assert len(review["findings"]) >= 400
    bucket = deployment.outputs["BodiesBucket"]
    stored = deployment.aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"reviews/{accepted['reviewId']}/")
    assert stored["KeyCount"] == 1


def test_a_running_review_is_cancelled_over_the_socket(deployment: AwsDeployment) -> None:
    """The terminal event says so, and so does the review."""
    worker = next(worker for worker in deployment.workers if worker.queue == "bug")
    assert worker.process is not None
    os.killpg(worker.process.pid, signal.SIGSTOP)
    try:
        accepted = _submit(deployment, _unique("cancel"))
        client = _follow(accepted)
        client.ask(action="cancel")
        events = client.events()
    finally:
        os.killpg(worker.process.pid, signal.SIGCONT)
    assert events[-1]["type"] == "review_cancelled"
    assert _ids(events) == list(range(1, len(events) + 1))
    status, review = deployment.api.call("GET", f"/api/review/{accepted['reviewId']}")
    assert (status, review["status"]) == (200, "cancelled")


def test_messages_are_answered(deployment: AwsDeployment) -> None:
    """Ping, and what is none."""
    client = Client(_submit(deployment, _unique("ping"))["webSocketUrl"])
    assert client.answer(action="ping") == {"type": "pong"}
    assert client.answer(action="dance")["problem"]["type"] == "/problems/invalid-message"
    client.socket.send("{")
    told = client.next()
    assert told is not None
    assert told["problem"]["type"] == "/problems/malformed-json"
    client.close()


@pytest.mark.parametrize("query", ["", "?ticket=", "?ticket=wrong"])
def test_whoever_has_no_ticket_is_not_let_in(deployment: AwsDeployment, query: str) -> None:
    """By the authoriser of the deployed API."""
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        Client(deployment.outputs["WebSocketUrl"] + query)
    assert refused.value.status_code in (401, 403)


def test_a_refused_submission_is_a_problem_document(deployment: AwsDeployment) -> None:
    """Of the gateway's validator, and of the function behind it."""
    for body in ({"code": 1}, {"code": "", "filename": "a.py"}):
        status, problem = deployment.api.call("POST", "/api/review", body)
        assert status == 422
        assert problem["type"] in ("/problems/invalid-submission", "/problems/empty-submission")


def test_before_lambda_ends_the_broadcast_the_next_one_takes_over(deployment: AwsDeployment) -> None:
    """A function with a minute and two seconds hands over after two, again and again; the client notices nothing."""
    functions = deployment.aws.client("lambda")
    name = f"{STACK}-broadcast"

    def reasons() -> dict[int, str]:
        ended = map(json.loads, _lines(deployment, "broadcast_ended", accepted["reviewId"]))
        return {line["hop"]: line["reason"] for line in ended}

    functions.update_function_configuration(FunctionName=name, Timeout=62)
    try:
        bug = next(worker for worker in deployment.workers if worker.queue == "bug")
        assert bug.process is not None
        os.killpg(bug.process.pid, signal.SIGSTOP)
        try:
            accepted = _submit(deployment, _unique("hand over"))
            client = _follow(accepted)
            early = client.events(count=3)
            time.sleep(5)
        finally:
            os.killpg(bug.process.pid, signal.SIGCONT)
        rest = client.events()
        assert _ids(early + rest) == list(range(1, len(early + rest) + 1))
        assert rest[-1]["type"] == "review_completed"
        eventually(lambda: "ended" in reasons().values(), "the last of the chain has ended")
        *earlier, last = (reason for _, reason in sorted(reasons().items()))
        assert earlier
        assert set(earlier) == {"handed_over"}
        assert last == "ended"
    finally:
        functions.update_function_configuration(FunctionName=name, Timeout=900)


def test_a_broadcast_that_is_killed_loses_nothing(deployment: AwsDeployment) -> None:
    """The client comes back; the next one finds in Redis what each connection has."""
    bug = next(worker for worker in deployment.workers if worker.queue == "bug")
    assert bug.process is not None
    os.killpg(bug.process.pid, signal.SIGSTOP)
    try:
        accepted = _submit(deployment, _unique("killed"))
        client = _follow(accepted)
        seen = client.events(count=3)
        _kill_function(deployment, "broadcast")
    finally:
        os.killpg(bug.process.pid, signal.SIGCONT)
    # As a client does that hears nothing.
    answer = client.answer(action="subscribe", reviewId=accepted["reviewId"], lastEventId=seen[-1]["id"])
    more: list[dict[str, Any]] = [] if "id" not in answer else [answer]
    events = {event["id"]: event for event in [*seen, *more, *client.events()]}
    assert sorted(events) == list(range(1, max(events) + 1))
    assert events[max(events)]["type"] == "review_completed"


def _kill_function(deployment: AwsDeployment, name: str) -> None:
    """End the process in which the local AWS runs a function, as a crash of the machine would."""
    children = psutil.Process(deployment.aws.pid).children(recursive=True)
    found = [child for child in children if _runs(child, name)]
    assert found, [child.cmdline() for child in children]
    for child in found:
        child.kill()


def _runs(process: psutil.Process, name: str) -> bool:
    with suppress(psutil.Error):
        return process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == f"{STACK}-{name}"
    return False


def _lines(deployment: AwsDeployment, event: str, review_id: str) -> list[str]:
    lines = deployment.log_lines(f"/lambda/{STACK}/websocket")
    return [line for line in lines if f'"eventType": "{event}"' in line and review_id in line]


def test_the_pipelines_test_of_a_deployment_accepts_this_one(deployment: AwsDeployment) -> None:
    """The function that the pipeline calls, with the deployed URL."""
    event = {"apiUrl": deployment.outputs["ApiUrl"], "auth": "iam"}
    functions, roles = deployment.aws.client("lambda"), deployment.aws.client("iam")
    role = render("pipeline").resources["IntegrationTestRole"]["Properties"]
    trust = json.dumps(role["AssumeRolePolicyDocument"])
    arn = roles.create_role(RoleName="pipeline", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    for policy in role["Policies"]:
        # Rendered for another account than the local one.
        document = json.dumps(policy["PolicyDocument"]).replace(ACCOUNT, "000000000000")
        roles.put_role_policy(RoleName="pipeline", PolicyName=policy["PolicyName"], PolicyDocument=document)
    functions.create_function(
        FunctionName="integration-test",
        Runtime=f"python{here().python}",
        Role=arn,
        Handler="lambdas.integration_test.handler",
        Code={"ZipFile": (deployment.directory / "zips" / "integration_test.zip").read_bytes()},
        Timeout=120,
        Environment={"Variables": {**CREDENTIALS, "AWS_ENDPOINT_URL": deployment.aws.url}},
    )
    answer = functions.invoke(FunctionName="integration-test", Payload=json.dumps(event).encode())
    told = json.loads(answer["Payload"].read())
    assert told.get("accepted") is True, told
    assert told["findings"] >= 2
