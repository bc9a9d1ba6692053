"""The templates deployed by the real client, by the scripts people run, into a local AWS: two environments at once,
changed, spoilt, and taken away."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from support.deployed import LocalAws, functions, write_zips
from support.infrastructure import require
from support.templates import DIRECTORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ENVIRONMENTS = ("staging", "prod")


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A local AWS with both environments: staging by the scripts, production beside it from the same release."""
    require("infrastructure")
    require("awscli")
    directory = tmp_path_factory.mktemp("aws")
    write_zips(directory / "zips", functions())
    with LocalAws(directory, REDIS_HOST="127.0.0.1", REDIS_PORT="6399") as running:
        printed = running.finished(running.script("deploy.sh", **_settings(running, "staging")))
        (directory / "printed").write_text(printed, encoding="utf-8")
        _deploy_production(running)
        yield running


def _deploy_production(aws: LocalAws) -> None:
    """What the pipeline does: the release that staging has, with production's parameters."""
    client = aws.client("cloudformation")
    client.create_stack(
        StackName="codereview-prod-secrets",
        TemplateBody=(DIRECTORY / "secrets.yaml").read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": "Environment", "ParameterValue": "prod"}],
    )
    assert aws.settled("codereview-prod-secrets") == "CREATE_COMPLETE"
    aws.finished(aws.script("put_secrets.sh", **_settings(aws, "production")))
    shared = {each["ParameterKey"]: each["ParameterValue"] for each in aws.stack("codereview-staging")["Parameters"]}
    written = json.loads((DIRECTORY / "parameters" / "production.json").read_text(encoding="utf-8"))["Parameters"]
    taken = (
        "ArtifactBucket",
        "LogBucket",
        "ReleasePrefix",
        "CoordinatorImage",
        "AgentImage",
        "Architecture",
        "StandInHost",
    )
    parameters = {
        **{key: shared[key] for key in taken},
        **written,
        "KeyArn": aws.outputs("codereview-prod-secrets")["KeyArn"],
    }
    client.create_stack(
        StackName="codereview-prod",
        TemplateBody=(aws.directory / "staging" / "packaged.yaml").read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    assert aws.settled("codereview-prod") == "CREATE_COMPLETE"


def _settings(aws: LocalAws, environment: str) -> dict[str, str]:
    return {
        "ENVIRONMENT": environment,
        "BUILD": str(aws.directory / environment),
        "FUNCTIONS": str(aws.directory / "zips"),
        "ARCHITECTURE": "x86_64",
    }


def _update(aws: LocalAws, stack: str, **changed: str) -> str:
    parameters: list[dict[str, Any]] = [
        {"ParameterKey": key, "ParameterValue": changed[key]}
        if (key := each["ParameterKey"]) in changed
        else {"ParameterKey": key, "UsePreviousValue": True}
        for each in aws.stack(stack)["Parameters"]
    ]
    template = (aws.directory / "staging" / "packaged.yaml").read_text(encoding="utf-8")
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    aws.client("cloudformation").update_stack(
        StackName=stack, TemplateBody=template, Parameters=parameters, Capabilities=capabilities
    )
    return aws.settled(stack)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_deployed_whole_from_nothing(aws: LocalAws, name: str) -> None:
    """Root and nested stacks are complete."""
    assert aws.stack(f"codereview-{name}")["StackStatus"] == "CREATE_COMPLETE"


def test_the_script_prints_where_to_go(aws: LocalAws) -> None:
    """The page, the API, the WebSocket."""
    printed = (aws.directory / "printed").read_text(encoding="utf-8")
    outputs = aws.outputs("codereview-staging")
    for each in ("PageUrl", "ApiUrl", "WebSocketUrl"):
        assert outputs[each] in printed


def test_two_environments_in_one_account_share_nothing_but_the_releases(aws: LocalAws) -> None:
    """No output of one is an output of the other."""
    staging, prod = (aws.outputs(f"codereview-{name}") for name in ENVIRONMENTS)
    assert not set(staging.values()) & set(prod.values())


def test_the_gateway_itself_answers_the_health_check(aws: LocalAws) -> None:
    """Without any function: nothing behind it can make it fail."""
    address = _address(aws, "staging", "/api/health")
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert (answer.status, json.load(answer)) == (200, {"status": "ok"})


def test_who_does_not_sign_is_refused(aws: LocalAws) -> None:
    """POST /api/review is for callers that IAM knows."""
    request = _address(aws, "staging", "/api/review")
    request.data = b"{}"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 403
    refused.value.close()


def _address(aws: LocalAws, name: str, path: str) -> urllib.request.Request:
    return urllib.request.Request(aws.outputs(f"codereview-{name}")["ApiUrl"] + path)


def test_tables_have_their_indexes_and_their_times_to_live(aws: LocalAws) -> None:
    """Read back through the service."""
    client = aws.client("dynamodb")
    for table, indexes in (("reviews", {"StatusIndex", "OwnerIndex"}), ("connections", {"ReviewIndex"})):
        name = f"codereview-prod-{table}"
        described = client.describe_table(TableName=name)["Table"]
        assert {index["IndexName"] for index in described["GlobalSecondaryIndexes"]} == indexes
        ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expiresAt")


def test_the_secrets_are_secure_strings_under_the_environments_key(aws: LocalAws) -> None:
    """Three of them; the token of Redis is the one that the replication group was given."""
    client = aws.client("ssm")
    stored = client.describe_parameters(
        ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": ["/codereview/prod"]}]
    )
    assert {each["Name"] for each in stored["Parameters"]} == {
        f"/codereview/prod/{name}" for name in ("anthropic-api-key", "redis-auth-token", "secret-key")
    }
    assert {each["Type"] for each in stored["Parameters"]} == {"SecureString"}


def test_log_groups_are_the_specified_ones(aws: LocalAws) -> None:
    """With their retention, in production by these very names."""
    described = aws.client("logs").describe_log_groups()["logGroups"]
    groups = {each["logGroupName"]: each.get("retentionInDays") for each in described}
    specified = {"/ecs/codereview/coordinator": 30, "/ecs/codereview/agents": 30, "/lambda/websocket": 14}
    assert specified.items() <= groups.items()


def test_services_run_in_the_cluster_with_a_circuit_breaker(aws: LocalAws) -> None:
    """A coordinator and an agent of each type."""
    services = aws.client("ecs").describe_services(
        cluster="codereview-prod", services=["coordinator", "security", "bug"]
    )
    assert len(services["services"]) == 3
    for service in services["services"]:
        assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}


def test_an_alarm_reaches_its_topic(aws: LocalAws) -> None:
    """More tokens than planned for: the alarm changes its state by itself."""
    cloudwatch = aws.client("cloudwatch")
    alarm = cloudwatch.describe_alarms(AlarmNames=["codereview-staging-token-budget"])["MetricAlarms"][0]
    assert alarm["AlarmActions"] == [each for each in _topics(aws) if each.endswith("codereview-staging-email")]
    assert alarm["Threshold"] == 200_000


def _topics(aws: LocalAws) -> list[str]:
    return [each["TopicArn"] for each in aws.client("sns").list_topics()["Topics"]]


def test_what_has_only_a_record_was_asked_for_as_written(aws: LocalAws) -> None:
    """Types the local AWS lacks: their properties passed the official schemas, and have these values."""
    targets = [each["properties"] for each in aws.recorded("AWS::ApplicationAutoScaling::ScalableTarget")]
    limits = {each["ResourceId"]: (int(each["MinCapacity"]), int(each["MaxCapacity"])) for each in targets}
    assert limits["service/codereview-prod/security"] == limits["service/codereview-prod/bug"] == (1, 10)
    assert limits["service/codereview-prod/coordinator"] == (1, 4)
    # One NAT gateway in staging, one for each zone in production.
    assert len(aws.recorded("AWS::EC2::NatGateway")) == 3
    assert len(aws.recorded("AWS::WAFv2::WebACLAssociation")) == 2


def test_the_page_and_the_patterns_are_published(aws: LocalAws) -> None:
    """The document that names all others, the scripts, and the catalogue."""
    bucket = aws.outputs("codereview-staging")["PageBucket"]
    keys = {each["Key"] for each in aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]}
    assert {"index.html", "static/app.js", "patterns/rules.json"} <= keys


def _commands(name: str) -> list[str]:
    written = yaml.safe_load((DIRECTORY.parent / "buildspecs" / f"{name}.yml").read_text(encoding="utf-8"))
    return list(written["phases"]["build"]["commands"])


def test_the_build_of_images_pushes_both_under_the_commit(aws: LocalAws) -> None:
    """The buildspec's own command; in the place of Docker stands a program that writes down what it is asked."""
    asked = aws.directory / "asked"
    docker = aws.directory / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >>{asked}\ncat >/dev/null\n', encoding="utf-8")
    docker.chmod(0o755)
    (command,) = _commands("images")
    aws.finished(aws.command(command, DOCKER=str(docker), IMAGE_TAG="c0ffee"))
    lines = asked.read_text(encoding="utf-8").splitlines()
    repositories = aws.outputs("codereview-bootstrap")
    for target, output in (("coordinator", "CoordinatorRepositoryUri"), ("agent", "AgentRepositoryUri")):
        image = f"{repositories[output]}:c0ffee"
        assert any(line.startswith("build ") and f"--target {target} --tag {image}" in line for line in lines)
        assert f"push {image}" in lines


def test_the_build_of_a_release_leaves_what_the_pipeline_takes_on(aws: LocalAws) -> None:
    """Its last command; the zips before it are made by `make package`, which has tests of its own."""
    build = aws.directory / "build"
    settings = {"BUILD": str(build), "FUNCTIONS": str(aws.directory / "zips"), "RELEASE_PREFIX": "releases/c0ffee"}
    printed = aws.finished(aws.command(_commands("release")[-1], **settings))
    assert printed.split() == ["releases/c0ffee"]
    assert {"packaged.yaml", "staging.json", "production.json"} <= {path.name for path in build.iterdir()}
    bucket = aws.outputs("codereview-bootstrap")["ArtifactBucket"]
    listed = aws.client("s3").list_objects_v2(Bucket=bucket, Prefix="releases/c0ffee/")["Contents"]
    assert "releases/c0ffee/review-repository.asl.json" in {each["Key"] for each in listed}


def test_changed_parameters_change_what_is_there(aws: LocalAws) -> None:
    """In place: the tables stay the tables."""
    created = _table(aws)["TableId"]
    assert (
        _update(aws, "codereview-staging", AgentMaxCapacity="7", TokenBudget="300000", RateLimit="50")
        == "UPDATE_COMPLETE"
    )
    changed = [each["properties"] for each in aws.recorded("AWS::ApplicationAutoScaling::ScalableTarget", "update")]
    assert {int(each["MaxCapacity"]) for each in changed} == {7}
    alarm = aws.client("cloudwatch").describe_alarms(AlarmNames=["codereview-staging-token-budget"])["MetricAlarms"][0]
    assert alarm["Threshold"] == 300_000
    assert _table(aws)["TableId"] == created


def _table(aws: LocalAws, name: str = "staging") -> dict[str, Any]:
    table: dict[str, Any] = aws.client("dynamodb").describe_table(TableName=f"codereview-{name}-reviews")["Table"]
    return table


def test_an_update_that_fails_is_taken_back(aws: LocalAws) -> None:
    """A release that is not in the bucket: everything is as it was."""
    before = aws.stack("codereview-prod")["Parameters"]
    assert (
        _update(aws, "codereview-prod", ReleasePrefix="releases/none", LogLevel="DEBUG") == "UPDATE_ROLLBACK_COMPLETE"
    )
    assert aws.stack("codereview-prod")["Parameters"] == before
    variables = aws.client("lambda").get_function_configuration(FunctionName="codereview-prod-broadcast")["Environment"]
    assert variables["Variables"]["CODEREVIEW_LOG_LEVEL"] == "INFO"


def test_teardown_asks_whether_it_is_meant(aws: LocalAws) -> None:
    """Nothing is deleted by a typing error."""
    process = aws.script("teardown.sh", **_settings(aws, "staging"))
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "make teardown ENVIRONMENT=staging CONFIRM=staging" in said


def test_an_environment_is_taken_away_and_the_other_stays(aws: LocalAws) -> None:
    """That nested stacks keep what was stored is in the templates; this local AWS deletes it with them."""
    aws.client("cloudformation").delete_stack(StackName="codereview-staging")
    with pytest.raises(ClientError, match="does not exist"):
        raise AssertionError(f"it is {aws.settled('codereview-staging')}")
    assert aws.stack("codereview-prod")["StackStatus"].endswith("COMPLETE")
    assert _table(aws, "prod")["TableStatus"] == "ACTIVE"


def test_a_key_outlives_its_stack(aws: LocalAws) -> None:
    """Without it, nothing that was kept could be read."""
    key = aws.outputs("codereview-staging-secrets")["KeyArn"]
    aws.client("cloudformation").delete_stack(StackName="codereview-staging-secrets")
    with pytest.raises(ClientError, match="does not exist"):
        raise AssertionError(f"it is {aws.settled('codereview-staging-secrets')}")
    assert aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
