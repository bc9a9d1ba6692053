"""The packages: what is in them, that they are always the same bytes, and that each runs under Amazon's runtime client
with nothing else installed.
"""

import json
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.durable_stores import give_credentials
from support.gateway_events import authorizer_event, rest_event, socket_event
from support.lambda_packages import ROOT, package
from support.redis_process import RedisProcess
from support.runtime_api import RunningFunction

from codereview.adapters.aws import AwsClients
from codereview.adapters.dynamodb import create_tables
from codereview.adapters.redis import connect
from codereview.adapters.redis.status import AgentStatus, AgentStatusBoard
from codereview.adapters.system import SystemClock
from codereview.application.keys import new_key
from deploy.package.archive import write_zip
from deploy.package.build import build, functions
from deploy.package.closure import NEVER, Unwanted, closure
from deploy.package.measuring import cold_import_ms
from deploy.package.targets import MACHINES, Target, here
from deploy.package.wheels import LOCK, files_of, installed, needed

FUNCTIONS = functions()
#: Milliseconds an import may take; what is slower carries something along that it does not need.
_COLD_MS = 1500
CODE = json.dumps({"code": "x = 1\n", "filename": "a.py"})
#: Bytes of a zip compressed in haste.
_MAX_ZIP = 15_000_000


def _names(function: str) -> list[str]:
    with zipfile.ZipFile(package(function).path) as archive:
        return archive.namelist()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_nothing_of_the_work_itself(function: str) -> None:
    """Found in the sources, in milliseconds, whoever adds an import; the error shows the way it came in by."""
    parts = closure(function, ROOT)
    assert f"lambdas/{function}.py" in parts.files
    assert needed(parts.foreign)


@pytest.mark.slow
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_package_is_small_and_carries_no_agents(function: str) -> None:
    """No agent, analyser, parser or model client; size is start-up time."""
    names = _names(function)
    unwanted = [name for name in names if name.startswith(tuple(each.replace(".", "/") for each in NEVER))]
    assert unwanted == []
    assert not any(name.startswith(("boto3/", "botocore/")) for name in names), "the runtime has these"
    assert package(function).size < _MAX_ZIP


@pytest.mark.slow
def test_the_same_sources_make_the_same_bytes(tmp_path: Path) -> None:
    """Downloaded and compiled anew, elsewhere: what is deployed can be made again from the commit."""
    name = "redis_snapshot"
    again = build([name], here(), tmp_path, cache=tmp_path / "wheels", level=1)[0]
    assert again.path.read_bytes() == package(name).path.read_bytes()


def test_a_zip_tells_nothing_of_when_and_where_it_was_made(tmp_path: Path) -> None:
    """Order, dates and rights are fixed."""
    (tmp_path / "b.py").write_text("b = 1\n")
    (tmp_path / "a.py").write_text("a = 1\n")
    (tmp_path / "a.py").chmod(0o600)
    write_zip(tmp_path / "made.zip", {"b.py": tmp_path / "b.py", "a.py": tmp_path / "a.py"})
    with zipfile.ZipFile(tmp_path / "made.zip") as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == ["a.py", "b.py"]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {oct(entry.external_attr >> 16) for entry in entries} == {"0o100644"}


@pytest.mark.slow
@pytest.mark.parametrize(("architecture", "elf_machine"), [("arm64", 0xB7), ("x86_64", 0x3E)])
def test_compiled_modules_are_for_the_functions_processor(architecture: str, elf_machine: int) -> None:
    """Whatever machine packages them."""
    target = Target(architecture)
    files = files_of({"pydantic"}, installed(target, ROOT / "build" / "wheels"), target)
    libraries = [path for name, path in files.items() if name.endswith(".so")]
    assert libraries
    for library in libraries:
        header = library.read_bytes()[:20]
        assert header[:4] == b"\x7fELF"
        assert int.from_bytes(header[18:20], "little") == elf_machine


def test_every_package_that_may_be_in_a_zip_is_pinned_by_its_hashes() -> None:
    """For each architecture; what is not is not installed."""
    text = LOCK.read_text()
    assert text.count("==") * 1 <= text.count("--hash=sha256:")
    assert set(MACHINES) == {"arm64", "x86_64"}
    assert "anthropic" not in text
    assert "tree-sitter" not in text


def test_an_import_of_the_work_itself_is_refused_with_the_way_to_it(tmp_path: Path) -> None:
    """Also three modules deep."""
    for name, text in {
        "lambdas/__init__.py": "",
        "lambdas/f.py": "from codereview.a import x\n",
        "codereview/__init__.py": "",
        "codereview/a.py": "import codereview.b\n\n\ndef x():\n    import codereview.analysers.slow\n",
        "codereview/b.py": "try:\n    from codereview.agents import base\nexcept ImportError:\n    base = None\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(Unwanted, match=r"lambdas\.f → codereview\.a → codereview\.b → codereview\.agents"):
        closure("f", tmp_path)


def test_what_is_named_in_a_text_or_lies_beside_a_package_comes_along(tmp_path: Path) -> None:
    """Modules another package loads by name, and data; not what only types need."""
    for name, text in {
        "lambdas/__init__.py": "",
        "lambdas/f.py": "from typing import TYPE_CHECKING\nimport codereview.a\n"
        "if TYPE_CHECKING:\n    import codereview.types_only\n",
        "codereview/__init__.py": "",
        "codereview/types_only.py": "",
        "codereview/a/__init__.py": 'BACKEND = f"codereview.backend:Backend+{1}"\n',
        "codereview/a/scripts/__init__.py": "",
        "codereview/a/scripts/x.lua": "return 1",
        "codereview/backend.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert set(closure("f", tmp_path).files) == {
        "lambdas/__init__.py",
        "lambdas/f.py",
        "codereview/__init__.py",
        "codereview/a/__init__.py",
        "codereview/a/scripts/__init__.py",
        "codereview/a/scripts/x.lua",
        "codereview/backend.py",
    }


@pytest.mark.slow
@pytest.mark.parametrize("function", ["batch_merge", "redis_snapshot"])
def test_a_cold_start_is_short(function: str) -> None:
    """The import is most of it; one that does nearly everything, and one that does next to nothing."""
    assert cold_import_ms(function, package(function).path, runs=1) < _COLD_MS


# --- under the runtime client -----------------------------------------------------------------------------------

Start = Callable[..., RunningFunction]


@pytest.fixture
def start(tmp_path: Path, redis_server: RedisProcess) -> Iterator[Start]:
    with ExitStack() as ends:

        def begin(function: str, **environment: str) -> RunningFunction:
            given = {
                "CODEREVIEW_REDIS_URL": redis_server.url,
                "CODEREVIEW_DATA_DIR": "/nonexistent",
                "CODEREVIEW_STORE": "dynamodb",
                "CODEREVIEW_AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                "CODEREVIEW_ENVIRONMENT": "staging",
                "CODEREVIEW_SECRET_KEY": "not secret",
                **environment,
            }
            return ends.enter_context(RunningFunction(function, package(function).path, tmp_path / function, given))

        yield begin


#: What each function makes of an event that is none, where only its own code is asked.
NO_EVENT: dict[str, str] = {
    "batch_plan": "InvalidSubmission",
    "batch_review": "InvalidSubmission",
    "batch_merge": "InvalidSubmission",
    "integration_test": "KeyError",
    "redis_snapshot": "ConfigurationError",
    "broadcast": "InvalidMessage",
    "start_review": "InvalidMessage",
    "websocket_authorizer": "InvalidMessage",
    "websocket_connect": "InvalidMessage",
    "websocket_disconnect": "InvalidMessage",
    "websocket_message": "InvalidMessage",
}


@pytest.mark.slow
def test_every_package_runs_with_nothing_else_installed(start: Start) -> None:
    """All at once: each starts, takes an event, and answers it or refuses it by its own error."""
    running = {function: start(function) for function in FUNCTIONS}
    for each in running.values():
        each.send({})
    answers = {function: each.answer() for function, each in running.items()}
    missing = {
        function: answer.body
        for function, answer in answers.items()
        if answer.failed
        and answer.body["errorType"] in ("Runtime.ImportModuleError", "ModuleNotFoundError", "ImportError")
    }
    assert missing == {}
    refusals = {name: answers[name].body["errorType"] for name in NO_EVENT}
    assert refusals == NO_EVENT


@pytest.mark.slow
def test_the_figures_scaling_follows_are_lines_of_the_function(start: Start, redis_url: str) -> None:
    """Read from a real Redis; a line CloudWatch makes metrics of, for each agent."""
    with connect(redis_url) as client:
        client.rpush("security", *range(6))
        client.sadd("ws:connections:rv_1", "a", "b")
        client.sadd("ws:connections:rv_2", "c")
        for number in range(2):
            status: dict[str, Any] = {"agent_id": f"s{number}", "agent": "security"}
            AgentStatusBoard(client).beat(AgentStatus(**status))
    function = start("publish_metrics")
    answer = function.invoke({"source": "aws.events"})
    assert answer.body["waiting"] == {"security": 6, "bug": 0, "coordinator": 0}
    assert answer.body["connections"] == 3
    emf = [line for line in function.lines() if "_aws" in line]
    (security,) = [line for line in emf if line.get("Agent") == "security"]
    assert (security["QueueDepth"], security["Workers"], security["PendingReviewsPerAgent"]) == (6, 2, 3)
    assert security["Environment"] == "staging"
    assert [line["WebSocketConnections"] for line in emf if line.get("Source") == "gateway"] == [3]
    (line,) = [line for line in function.lines() if line.get("eventType") == "queues_measured"]
    assert line["connections"] == 3


@pytest.mark.slow
def test_without_redis_the_invocation_fails_by_name(start: Start) -> None:
    """So that it is retried, and the alarm on errors sees it."""
    answer = start("publish_metrics", CODEREVIEW_REDIS_URL="redis://127.0.0.1:9/0").invoke({})
    assert (answer.failed, answer.body["errorType"]) == (True, "BackendUnavailable")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "method", "address"),
    [("review_orchestrator", "POST", "/api/review"), ("get_review_status", "GET", "/api/review/rv_1")],
)
def test_without_its_tables_the_rest_api_says_so(start: Start, function: str, method: str, address: str) -> None:
    """503 as a problem document, and a line in the log."""
    running = start(function)
    body = CODE if method == "POST" else None
    headers = {"Content-Type": "application/json"}
    answer = running.invoke(rest_event(method, address, body=body, headers=headers), seconds=29)
    assert answer.body["statusCode"] == 503
    assert json.loads(answer.body["body"])["type"] == "/problems/backend-unavailable"
    (line,) = [line for line in running.lines() if line.get("eventType") == "http_request"]
    route = address.replace("rv_1", "{reviewId}")
    assert (line["status"], line["problem"], line["route"]) == (503, "backend-unavailable", route)


@pytest.mark.slow
def test_a_redis_that_does_not_answer_is_given_up_before_api_gateway_gives_up(
    start: Start, ministack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After 29 seconds a client would be told nothing but that; and of the review nothing is left behind."""
    clients = AwsClients(region="us-east-1", endpoint_url=ministack)
    give_credentials(monkeypatch)
    tables = {"reviews_table": "stalled-reviews", "keys_table": "stalled-keys"}
    create_tables(clients, **tables)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are made, and nobody takes them
        running = start(
            "review_orchestrator",
            CODEREVIEW_REDIS_URL=f"redis://127.0.0.1:{silent.getsockname()[1]}/0",
            CODEREVIEW_AWS_ENDPOINT_URL=ministack,
            CODEREVIEW_REVIEWS_TABLE=tables["reviews_table"],
        )
        event = rest_event("POST", "/api/review", body=CODE, headers={"Content-Type": "application/json"})
        answer = running.invoke(event, seconds=29)
    assert answer.body["statusCode"] == 503
    assert clients.dynamodb().scan(TableName=tables["reviews_table"])["Count"] == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "event"),
    [
        ("websocket_authorizer", authorizer_event(headers={"X-Api-Key": new_key("alice", "", SystemClock())[0]})),
        ("websocket_connect", socket_event("$connect", client={"owner": "alice"})),
        ("websocket_disconnect", socket_event("$disconnect")),
        ("websocket_message", socket_event("$default", body='{"action": "ping"}')),
        ("start_review", socket_event("startReview", body='{"action": "startReview", "code": "x"}')),
        ("broadcast", {"reviewId": "rv_1", "hop": 0}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_without_what_it_stands_on_it_fails_by_name(start: Start, function: str, event: dict[str, Any]) -> None:
    """API Gateway tells the client to come again, or Lambda tries again; the alarm on errors sees it."""
    running = start(
        function,
        CODEREVIEW_REDIS_URL="redis://127.0.0.1:9/0",
        CODEREVIEW_CONNECTIONS_TABLE="connections",
        CODEREVIEW_CONNECTIONS_URL="http://127.0.0.1:9/live",
        CODEREVIEW_BROADCAST_FUNCTION="broadcast",
    )
    answer = running.invoke(event, seconds=29)
    assert (answer.failed, answer.body["errorType"]) == (True, "BackendUnavailable")


@pytest.mark.slow
def test_a_step_without_s3_fails_by_the_name_the_state_machine_retries(start: Start) -> None:
    """Step Functions sees the class of the error, and nothing else decides whether it tries again."""
    order = {"bucket": "repositories", "key": "shop.zip"}
    answer = start("batch_review").invoke({"action": "submit", "batchId": "b1", "order": order, "shard": 1})
    assert (answer.failed, answer.body["errorType"]) == (True, "BackendUnavailable")
