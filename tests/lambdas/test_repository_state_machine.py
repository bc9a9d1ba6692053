"""A whole repository reviewed by the real state machine: the packaged functions, S3, DynamoDB and Step Functions of a
local AWS, a real Redis and a real worker.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from support.lambda_packages import ROOT, zip_of
from support.redis_process import RedisProcess
from support.workers import WorkerProcess, eventually

from codereview.adapters.aws import AwsClients
from codereview.adapters.celery.names import QUEUES
from codereview.adapters.dynamodb import DynamoReviewStore, create_tables
from codereview.adapters.redis.client import connect
from codereview.adapters.redis.idempotency import RedisIdempotencyStore
from codereview.domain.reviews import Outcome, Verdict
from deploy.package.targets import here

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

DEFINITION = ROOT / "deploy" / "statemachines" / "review-repository.asl.json"
FUNCTIONS = {
    "BatchPlanFunctionArn": "batch_plan",
    "BatchReviewFunctionArn": "batch_review",
    "BatchMergeFunctionArn": "batch_merge",
}
BUCKET = "repositories"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


class Account:
    """The local AWS, with everything a batch needs in it."""

    def __init__(self, url: str, redis_url: str) -> None:
        self.environment = {
            **CREDENTIALS,
            "CODEREVIEW_REDIS_URL": redis_url,
            "CODEREVIEW_STORE": "dynamodb",
            "CODEREVIEW_AWS_ENDPOINT_URL": url,
            "CODEREVIEW_REVIEWS_TABLE": "reviews",
            "CODEREVIEW_KEYS_TABLE": "keys",
            "CODEREVIEW_BODIES_BUCKET": BUCKET,
            "CODEREVIEW_METRICS": "emf",
        }
        self._url = url
        self.idempotency = RedisIdempotencyStore(connect(redis_url))
        clients = AwsClients(region="us-east-1", endpoint_url=url)
        create_tables(clients, reviews_table="reviews", keys_table="keys", bucket=BUCKET)
        self.store = DynamoReviewStore("reviews", clients=clients, bucket=BUCKET)
        self.s3 = self.client("s3")
        self.states = self.client("stepfunctions")
        self.machine = self._deploy()

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self._url, region_name="us-east-1", **keys)

    def _deploy(self) -> str:
        functions = self.client("lambda")
        arns = {
            parameter: functions.create_function(
                FunctionName=name,
                Runtime=f"python{here().python}",
                Role="arn:aws:iam::000000000000:role/batch",
                Handler=f"lambdas.{name}.handler",
                Code={"ZipFile": zip_of(name)},
                Timeout=60,
                Environment={"Variables": self.environment},
            )["FunctionArn"]
            for parameter, name in FUNCTIONS.items()
        }
        definition = json.loads(re.sub(r"\$\{(\w+)\}", lambda name: arns[name[1]], DEFINITION.read_text()))
        shards = definition["States"]["Review every shard"]["ItemProcessor"]["States"]
        shards["Wait"]["Seconds"] = 1
        made = self.states.create_state_machine(
            name="repositories",
            definition=json.dumps(definition),
            roleArn="arn:aws:iam::000000000000:role/states",
        )
        return str(made["stateMachineArn"])

    def lose(self, name: str, shard: int) -> None:
        """Have a shard's review be one that is nowhere to be found."""
        self.idempotency.begin("", f"batch:{name}:{shard}", "its digest")
        self.idempotency.finish("", f"batch:{name}:{shard}", "rv_gone")

    def run(self, name: str, **order: object) -> dict[str, Any]:
        """Start an execution and wait for its end; what Step Functions tells of it."""
        document = json.dumps({"bucket": BUCKET, **order})
        started = self.states.start_execution(stateMachineArn=self.machine, name=name, input=document)
        told: dict[str, Any] = {}

        def has_ended() -> bool:
            told.update(self.states.describe_execution(executionArn=started["executionArn"]))
            return bool(told["status"] != "RUNNING")

        eventually(has_ended, f"execution {name} ended", within_s=60)
        return told


@pytest.fixture(scope="module")
def account(ministack: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    directory = tmp_path_factory.mktemp("batch")
    redis = RedisProcess(directory)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as ends:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        redis.start()
        ends.callback(redis.stop)
        there = Account(ministack, redis.url)
        worker = WorkerProcess("security", there.environment, directory / "worker.log", scripted=True)
        # One process for all queues: it is the batch that is tested, not the workers.
        worker._argv[worker._argv.index("-Q") + 1] = ",".join(QUEUES)
        worker.launch()
        ends.callback(worker.stop)
        worker.await_ready()
        yield there


def _archive(files: dict[str, str]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return written.getvalue()


def test_a_repository_in_s3_becomes_one_review_by_way_of_shards(account: Account) -> None:
    """Every shard was a review of its own; the whole is stored, and its reports lie beside the archive."""
    files = {f"service{n}/app.py": f"danger = {n}\n" for n in range(3)}
    account.s3.put_object(Bucket=BUCKET, Key="shop.zip", Body=_archive(files))
    order = {"key": "shop.zip", "revision": "abc123", "shardFiles": 1, "options": {"agents": ["security"]}}
    told = account.run("nightly-1", **order)
    assert told["status"] == "SUCCEEDED", (told.get("error"), told.get("cause"))
    result = json.loads(told["output"])
    assert result["verdict"] == "findings"
    review = account.store.get(result["reviewId"])
    assert review is not None
    assert (review.outcome, review.verdict, review.source.revision) == (Outcome.COMPLETE, Verdict.FINDINGS, "abc123")
    assert {finding.path for finding in review.findings} == set(files)
    assert review.metrics.units == 3
    sarif = json.load(account.s3.get_object(Bucket=BUCKET, Key=result["reports"]["sarif"])["Body"])
    assert len(sarif["runs"][0]["results"]) == result["findingCount"] == len(review.findings)


def test_a_shard_that_cannot_be_reviewed_does_not_hide_the_others(account: Account) -> None:
    """The rest is merged, and the whole says what is missing."""
    files = {"good/app.py": "danger = 1\n", "large/app.py": "x = 1\n" * 10}
    account.s3.put_object(Bucket=BUCKET, Key="half.zip", Body=_archive(files))
    # Its review is lost before it was ever seen: checking it fails, for good.
    account.lose("half-1", shard=2)
    told = account.run("half-1", key="half.zip", shardFiles=1, options={"agents": ["bug"]})
    result = json.loads(told["output"])
    assert (result["outcome"], result["verdict"]) == ("partial", "incomplete")
    review = account.store.get(result["reviewId"])
    assert review is not None
    assert [entry.path for entry in review.coverage if entry.state == "skipped"] == ["large/app.py"]


def test_an_archive_that_is_none_fails_the_execution_and_says_why(account: Account) -> None:
    """Not retried: nothing would be different."""
    account.s3.put_object(Bucket=BUCKET, Key="broken.zip", Body=b"no archive")
    told = account.run("broken-1", key="broken.zip")
    assert told["status"] == "FAILED"
    assert "this is no .zip" in told["cause"]
