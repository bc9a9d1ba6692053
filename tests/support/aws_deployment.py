"""An environment as `make deploy` makes it in a local AWS, with the real packages, a real Redis, and workers that run
with the settings and secrets of the deployed task definitions.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis
from support.deployed import CREDENTIALS, LocalAws, functions, write_zips
from support.lambda_packages import zip_of
from support.redis_process import RedisProcess
from support.workers import WorkerProcess

from codereview.adapters.celery.names import QUEUES
from codereview.adapters.deployed_api import DeployedApi, aws_signature
from codereview.adapters.redis.client import connect
from deploy.package.targets import here

STACK = "codereview-staging"
#: Those that work on reviews; of the others a stand-in is deployed.
OF_THE_APIS = (
    "broadcast",
    "get_review_status",
    "integration_test",
    "review_orchestrator",
    "start_review",
    "websocket_authorizer",
    "websocket_connect",
    "websocket_disconnect",
    "websocket_message",
)


class AwsDeployment:
    """The environment "staging", as a context manager. ``settings`` add to those of the local AWS."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self._settings = settings
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as ends:
            self.redis = RedisProcess(_made(self.directory / "redis"))
            self.redis.start()
            ends.callback(self.redis.stop)
            where = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.redis.port)}
            self.aws = ends.enter_context(LocalAws(_made(self.directory / "aws"), **where, **self._settings))
            self.printed = self._deploy()
            self.outputs = self.aws.outputs(STACK)
            self._protect_redis()
            self.workers = [self._worker(queue) for queue in QUEUES]
            for worker in self.workers:
                ends.callback(worker.stop)
                worker.launch()
            ends.callback(lambda: [worker.ask_to_stop() for worker in self.workers])
            for worker in self.workers:
                worker.await_ready()
            self._ends = ends.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    @property
    def api(self) -> DeployedApi:
        """The REST API by its URL, signed as IAM wants it."""
        return DeployedApi(self.outputs["ApiUrl"], sign=_signed)

    def secret(self, name: str) -> str:
        """A secret of the environment."""
        answer = self.aws.client("ssm").get_parameter(Name=f"/codereview/staging/{name}", WithDecryption=True)
        return str(answer["Parameter"]["Value"])

    @property
    def live(self) -> redis.Redis:
        """A client of the Redis."""
        return connect(self.redis.url, auth_token=self.secret("redis-auth-token"))

    def log_lines(self, group: str) -> Iterator[str]:
        """What functions logged to a group."""
        logs = self.aws.client("logs")
        for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
            answer = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])
            yield from (event["message"] for event in answer["events"])

    def _deploy(self) -> str:
        zips = _made(self.directory / "zips")
        write_zips(zips, set(functions()) - set(OF_THE_APIS))
        for name in OF_THE_APIS:
            (zips / f"{name}.zip").write_bytes(zip_of(name))
        settings = {
            "ENVIRONMENT": "staging",
            "BUILD": str(self.directory / "build"),
            "FUNCTIONS": str(zips),
            "ARCHITECTURE": here().architecture,
            "PYTHON_VERSION": here().python,
        }
        return self.aws.finished(self.aws.script("deploy.sh", **settings))

    def _protect_redis(self) -> None:
        """As ElastiCache is by its AUTH token."""
        with redis.Redis(port=self.redis.port) as client:
            client.config_set("requirepass", self.secret("redis-auth-token"))

    def _worker(self, queue: str) -> WorkerProcess:
        env = self.settings_of(queue) | {
            **CREDENTIALS,
            "CODEREVIEW_AWS_ENDPOINT_URL": self.aws.url,
            "CODEREVIEW_REDIS_URL": f"redis://:{self.secret('redis-auth-token')}@127.0.0.1:{self.redis.port}/0",
            "CODEREVIEW_DATA_DIR": str(self.directory / f"data-{queue}"),
            "CODEREVIEW_AGENT_TYPE": queue,
        }
        return WorkerProcess(queue, env, self.directory / f"{queue}.log", scripted=False)

    def settings_of(self, service: str) -> dict[str, str]:
        """The environment of a service's container: what its task definition says, its secrets fetched."""
        client: Any = self.aws.client("ecs")
        (found,) = client.describe_services(cluster=STACK, services=[service])["services"]
        task = client.describe_task_definition(taskDefinition=found["taskDefinition"])["taskDefinition"]
        container = next(each for each in task["containerDefinitions"] if each.get("environment"))
        # The local AWS keeps what CloudFormation wrote, in CloudFormation's capitals.
        environment = {_of(each, "name"): _of(each, "value") for each in container["environment"]}
        secrets = {_of(each, "name"): _of(each, "valueFrom") for each in container.get("secrets", [])}
        fetched = {name: self.secret(parameter.rpartition("/")[2]) for name, parameter in secrets.items() if parameter}
        return environment | fetched


def _signed(method: str, url: str, headers: Any, body: bytes) -> Any:
    os.environ.update({name: value for name, value in CREDENTIALS.items() if name != "AWS_DEFAULT_REGION"})
    return aws_signature("us-east-1")(method, url, headers, body)


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _of(each: dict[str, str], name: str) -> str:
    return {key[0].lower() + key[1:]: value for key, value in each.items()}.get(name, "")
