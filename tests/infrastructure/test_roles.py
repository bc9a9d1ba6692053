"""What each role may and may not do, asked of a local AWS that enforces the policies of the templates.

Two templates are deployed by themselves here, with names of tables and buckets instead of the other stacks' outputs.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from support.deployed import LocalAws, functions, write_zips
from support.infrastructure import require
from support.templates import DIRECTORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
RELEASES, BODIES = "releases-of-tests", "bodies-of-tests"
TABLES = {"reviews": "reviewId", "keys": "keyId", "connections": "connectionId"}
SECRETS = ("anthropic-api-key", "redis-auth-token", "secret-key")


@dataclass(frozen=True)
class Call:
    """Something a role does; ``what`` for the name of the test."""

    role: str
    what: str
    allowed: bool
    service: str
    operation: str
    arguments: dict[str, Any]


def _item(role: str, allowed: bool, operation: str, table: str) -> Call:
    key = {TABLES[table]: {"S": "x"}}
    arguments = {"TableName": f"codereview-prod-{table}", "Item" if operation == "put_item" else "Key": key}
    return Call(role, f"{operation} {table}", allowed, "dynamodb", operation, arguments)


def _secret(role: str, allowed: bool, name: str, environment: str = "prod") -> Call:
    arguments = {"Name": f"/codereview/{environment}/{name}", "WithDecryption": True}
    return Call(role, f"read {environment}/{name}", allowed, "ssm", "get_parameter", arguments)


def _object(role: str, allowed: bool, operation: str, key: str) -> Call:
    arguments = {"Bucket": BODIES, "Key": key, **({"Body": b"x"} if operation == "put_object" else {})}
    return Call(role, f"{operation} {key}", allowed, "s3", operation, arguments)


def _invoke(role: str, allowed: bool, function: str) -> Call:
    arguments = {"FunctionName": f"codereview-prod-{function}", "InvocationType": "Event", "Payload": b"{}"}
    return Call(role, f"invoke {function}", allowed, "lambda", "invoke", arguments)


MATRIX = [
    _item("ReviewOrchestratorRole", True, "put_item", "reviews"),
    _item("ReviewOrchestratorRole", False, "put_item", "keys"),
    _item("ReviewOrchestratorRole", False, "get_item", "connections"),
    _object("ReviewOrchestratorRole", True, "put_object", "reviews/x"),
    _object("ReviewOrchestratorRole", False, "put_object", "repositories/x"),
    _secret("ReviewOrchestratorRole", True, "redis-auth-token"),
    _secret("ReviewOrchestratorRole", False, "anthropic-api-key"),
    _secret("ReviewOrchestratorRole", False, "redis-auth-token", "staging"),
    _invoke("ReviewOrchestratorRole", False, "broadcast"),
    _item("GetReviewStatusRole", True, "get_item", "reviews"),
    _item("GetReviewStatusRole", False, "put_item", "reviews"),
    _item("GetReviewStatusRole", False, "delete_item", "reviews"),
    _object("GetReviewStatusRole", True, "get_object", "reviews/there"),
    _object("GetReviewStatusRole", False, "put_object", "reviews/x"),
    _item("WebSocketAuthorizerRole", True, "get_item", "keys"),
    _item("WebSocketAuthorizerRole", False, "get_item", "reviews"),
    _item("WebSocketConnectRole", True, "put_item", "connections"),
    _item("WebSocketConnectRole", False, "delete_item", "connections"),
    _invoke("WebSocketConnectRole", False, "broadcast"),
    _invoke("WebSocketConnectRole", False, "review-orchestrator"),
    _secret("WebSocketAuthorizerRole", True, "secret-key"),
    _secret("WebSocketAuthorizerRole", False, "redis-auth-token"),
    _item("WebSocketMessageRole", True, "delete_item", "connections"),
    _item("WebSocketMessageRole", False, "put_item", "connections"),
    _invoke("WebSocketMessageRole", True, "broadcast"),
    _invoke("StartReviewRole", True, "broadcast"),
    _secret("StartReviewRole", False, "anthropic-api-key"),
    _secret("GetReviewStatusRole", False, "secret-key"),
    _item("WebSocketDisconnectRole", True, "delete_item", "connections"),
    _item("WebSocketDisconnectRole", False, "get_item", "reviews"),
    _item("BroadcastRole", True, "delete_item", "connections"),
    _item("BroadcastRole", False, "put_item", "reviews"),
    _item("BroadcastRole", False, "get_item", "reviews"),
    _secret("BroadcastRole", False, "secret-key"),
    _item("PublishMetricsRole", False, "get_item", "reviews"),
    _invoke("PublishMetricsRole", False, "broadcast"),
    _item("ECSTaskRole", True, "put_item", "reviews"),
    _item("ECSTaskRole", False, "get_item", "keys"),
    _item("ECSTaskRole", False, "get_item", "connections"),
    _secret("ECSTaskRole", True, "anthropic-api-key"),
    _secret("ECSTaskRole", False, "anthropic-api-key", "staging"),
    _item("ExecutionRole", False, "get_item", "reviews"),
]


def _furnish(aws: LocalAws, zips: Path) -> str:
    """Tables, buckets, secrets and a key, as the other stacks would make them; the key's name."""
    key = str(aws.client("kms").create_key()["KeyMetadata"]["Arn"])
    for table, attribute in TABLES.items():
        aws.client("dynamodb").create_table(
            TableName=f"codereview-prod-{table}",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": attribute, "KeyType": "HASH"}],
        )
    s3, ssm = aws.client("s3"), aws.client("ssm")
    for bucket in (RELEASES, BODIES):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=BODIES, Key="reviews/there", Body=b"x")
    for path in zips.iterdir():
        s3.put_object(Bucket=RELEASES, Key=f"releases/1/{path.name}", Body=path.read_bytes())
    for environment in ("prod", "staging"):
        for name in SECRETS:
            ssm.put_parameter(Name=f"/codereview/{environment}/{name}", Value="s", Type="SecureString", KeyId=key)
    return key


def _deploy(aws: LocalAws, template: str, **parameters: str) -> None:
    aws.client("cloudformation").create_stack(
        StackName=template,
        TemplateBody=(DIRECTORY / f"{template}.yaml").read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    assert aws.settled(template) == "CREATE_COMPLETE", aws.stack(template).get("StackStatusReason")


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A local AWS that enforces, with the functions and an agent deployed."""
    require("infrastructure")
    directory = tmp_path_factory.mktemp("roles")
    write_zips(directory / "zips", functions())
    with LocalAws(directory, AUTH="true") as running:
        common = {
            "Environment": "prod",
            "KeyArn": _furnish(running, directory / "zips"),
            "RedisUrl": "rediss://redis.example:6379/0",
            "ReviewsTable": "codereview-prod-reviews",
            "BodiesBucket": BODIES,
            "Subnets": "subnet-1,subnet-2",
            "SecurityGroup": "sg-1",
        }
        _deploy(
            running,
            "functions",
            **common,
            KeysTable="codereview-prod-keys",
            ConnectionsTable="codereview-prod-connections",
            ArtifactBucket=RELEASES,
            ReleasePrefix="releases/1",
            Architecture="x86_64",
            WebSocketApiId="a1",
            WebSocketStage="live",
            WebSocketUrl="wss://a1.example/live",
            ConnectionsUrl="https://a1.example/live",
        )
        running.client("ecs").create_cluster(clusterName="codereview-prod")
        _deploy(
            running, "agent", **common, AgentType="bug", Cluster="codereview-prod", LogGroup="/ecs/codereview/agents",
            Image="images.example/codereview/agent:1",
        )  # fmt: skip
        yield running


@pytest.fixture(scope="module")
def as_role(aws: LocalAws) -> Callable[[str, str], Any]:
    """A client that has a role's leave and no other. Tests are let into the role; its policies stay as they are."""
    iam, sts = aws.client("iam"), aws.client("sts")
    everybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})

    @cache
    def credentials(role: str) -> dict[str, str]:
        stack = "agent" if role in ("ECSTaskRole", "ExecutionRole") else "functions"
        found = aws.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=role)
        name = found["StackResourceDetail"]["PhysicalResourceId"]
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
        given = sts.assume_role(RoleArn=iam.get_role(RoleName=name)["Role"]["Arn"], RoleSessionName="test")[
            "Credentials"
        ]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def client(role: str, service: str) -> Any:
        return boto3.client(service, endpoint_url=aws.url, region_name="us-east-1", **credentials(role))

    return client


@pytest.mark.parametrize(
    "call", MATRIX, ids=lambda call: f"{call.role} {'may' if call.allowed else 'may not'} {call.what}"
)
def test_a_role_may_do_its_work_and_nothing_else(as_role: Callable[[str, str], Any], call: Call) -> None:
    """Allowed calls come back; the others are denied, and for no other reason."""
    operation = getattr(as_role(call.role, call.service), call.operation)
    if call.allowed:
        operation(**call.arguments)
        return
    with pytest.raises(ClientError) as denied:
        operation(**call.arguments)
    assert denied.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
