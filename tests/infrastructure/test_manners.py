"""What holds for every template: its size, its parameters, its names, what survives it, and who may what."""

import json
import re
import subprocess
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from support.infrastructure import require
from support.templates import DIRECTORY, at, load, names, render, resources, statements

from deploy.rest_models import TEMPLATE, rendered

ROOT = DIRECTORY.parents[1]
#: Bytes of a template that can be given with a request; a longer one has to lie in a bucket.
LARGEST = 51_200
#: Of an account or a region, not of an environment: their names are taken once.
SHARED = {"bootstrap", "pipeline"}
STORES = {
    "AWS::DynamoDB::GlobalTable": "Retain",
    "AWS::S3::Bucket": "Retain",
    "AWS::KMS::Key": "Retain",
    "AWS::Backup::BackupVault": "Retain",
    "AWS::Cognito::UserPool": "Retain",
    "AWS::ECR::Repository": "Retain",
    "AWS::ElastiCache::ReplicationGroup": "Snapshot",
}
#: Actions that IAM knows no resource for, or that are checked before the resource has a name.
NAMELESS = {
    "ecr:GetAuthorizationToken",
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricWidgetImage",
    "codepipeline:PutJobFailureResult",
    "codepipeline:PutJobSuccessResult",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
#: Resources under their owner's own path: what ends like this is one table's indexes, one bucket's prefix.
NARROW_STAR = re.compile(r"(:table/\S+/index/\*|:::\S+/\*|/backup/\*|@connections/\*|parameter/codereview/\S+/\*|"
                         r":log-group:\S+:?\*|snapshot:\*?\S+-\*|execution:\S+/\*|\}/\*|stack/codereview-\w+/\*|"
                         r"(role|policy)/codereview-\*|execute-api:\S+:\*/live/\S+|bedrock:\*::foundation-model/anthropic\.\*|"
                         r"inference-profile/\*anthropic\.\*)$")  # fmt: skip


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("name", names())
def test_a_template_can_be_given_with_a_request(name: str) -> None:
    """So that each deploys alone by plain `aws cloudformation deploy`, without a bucket."""
    assert (DIRECTORY / f"{name}.yaml").stat().st_size < LARGEST


@pytest.mark.parametrize("name", names())
def test_every_parameter_says_what_it_is_and_what_it_may_be(name: str) -> None:
    """A description, and a bound for every number; the console shows them in groups, none left out."""
    template = load(name)
    parameters = template.get("Parameters", {})
    for key, parameter in parameters.items():
        assert parameter.get("Description", "").endswith((".", "…")), key
        if parameter["Type"] == "Number":
            assert {"MinValue", "AllowedValues"} & set(parameter), key
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [key for group in groups for key in group["Parameters"]]
    assert sorted(grouped) == sorted(parameters)
    assert template["Description"].startswith("codereview: ")
    for key, output in template.get("Outputs", {}).items():
        assert output["Description"], key


@pytest.mark.parametrize("name", [each for each in names() if each not in SHARED])
def test_names_of_two_environments_do_not_collide(name: str) -> None:
    """Whatever is given a name has the environment in it: both can live in one account."""
    if "Environment" not in load(name).get("Parameters", {}):
        return
    both = (render(name, Environment=each).resources for each in ("prod", "staging"))
    prod, staging = ({key: _named(resource) for key, resource in rendered.items()} for rendered in both)
    for logical_id, given in prod.items():
        for key, value in given.items():
            if not value.startswith("${"):  # a reference follows what it refers to
                assert value != staging[logical_id].get(key), f"{logical_id}.{key} is {value} in both"


#: Properties by which a resource is known in its account and region.
TAKEN_ONCE = (
    *("RoleName", "LogGroupName", "FunctionName", "QueueName", "TopicName", "TableName", "AlarmName", "ClusterName"),
    *("DashboardName", "BackupVaultName", "StateMachineName", "BucketName", "AliasName", "ReplicationGroupId"),
    *("UserPoolName", "EndpointName", "Family", "CacheSubnetGroupName"),
)
#: They name a resource of another's, not themselves.
REFERRING = ("AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Permission", "AWS::EC2::FlowLog")
NAMED = ("AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::WAFv2::WebACL", "AWS::Events::Rule")


def _named(resource: dict[str, Any]) -> dict[str, str]:
    own = resource["Properties"]
    keys = () if resource["Type"] in REFERRING else TAKEN_ONCE
    return {key: own[key] for key in (*keys, *(("Name",) if resource["Type"] in NAMED else ())) if key in own}


def test_nothing_is_exported() -> None:
    """Stacks hand each other parameters; an export's name would be taken for the whole region."""
    assert not [name for name in names() for output in load(name).get("Outputs", {}).values() if "Export" in output]


@pytest.mark.parametrize("name", names())
def test_what_is_stored_outlives_its_stack(name: str) -> None:
    """Deleting or replacing a stack never deletes what people stored."""
    for key, resource in resources(name, *STORES).items():
        policy = STORES[resource["Type"]]
        assert (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")) == (policy, policy), key


@pytest.mark.parametrize("name", names())
def test_buckets_are_private_versioned_and_reached_by_tls_alone(name: str) -> None:
    """For every bucket there is."""
    policies = resources(name, "AWS::S3::BucketPolicy").values()
    for key, bucket in resources(name, "AWS::S3::Bucket").items():
        assert set(at(bucket, "Properties.PublicAccessBlockConfiguration").values()) == {True}, key
        assert at(bucket, "Properties.VersioningConfiguration.Status") == "Enabled", key
        own = [policy for policy in policies if policy["Properties"]["Bucket"] == {"Ref": key}]
        denied = at(own[0], "Properties.PolicyDocument.Statement[OnlyByTls]")
        assert denied["Effect"] == "Deny", key


@pytest.mark.parametrize("name", names())
def test_no_policy_is_wider_than_it_could_be(name: str) -> None:
    """No action with a star; no resource with one but below a name of ours, or where IAM knows no resource."""
    for where, statement in statements(name):
        for action in _listed(statement["Action"]):
            assert "*" not in action, f"{where}: {action}"
        for resource in map(_text, _listed(statement["Resource"])):
            if resource == "*":
                assert set(_listed(statement["Action"])) <= NAMELESS, where
            elif "*" in resource:
                inner = resource.strip('"}]')
                assert NARROW_STAR.search(inner), f"{where}: {resource}"


def test_only_one_managed_policy_of_aws_is_wide_and_it_is_cloudformations() -> None:
    """Everything else has policies of its own."""
    attached = {
        f"{name}.{key}"
        for name in names()
        for key, role in resources(name, "AWS::IAM::Role").items()
        for arn in role["Properties"].get("ManagedPolicyArns", [])
        if "iam::aws:policy" in _text(arn)
    }
    assert attached == {"bootstrap.ApiGatewayLogsRole", "pipeline.DeployRole"}


def test_security_groups_let_through_what_is_written_and_nothing_else() -> None:
    """The rules of the specification, as sets: one more would fail as one less does."""
    found = set()
    for key, resource in render("network").resources.items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::EC2::SecurityGroup":
            rules = [("in", key, rule) for rule in properties.get("SecurityGroupIngress", [])]
            rules += [("out", key, rule) for rule in properties["SecurityGroupEgress"] if rule["IpProtocol"] == "tcp"]
        elif resource["Type"] == "AWS::EC2::SecurityGroupEgress":
            rules = [("out", properties["GroupId"].strip("${}"), properties)]
        else:
            continue
        for way, group, rule in rules:
            peer = next(
                rule[end] for end in ("CidrIp", "SourceSecurityGroupId", "DestinationSecurityGroupId") if end in rule
            )
            found.add((group, way, rule["FromPort"], rule["ToPort"], peer.strip("${}")))
    specified = {
        ("ECSTasksSG", "in", 8080, 8080, "AlbSG"),
        ("ECSTasksSG", "out", 443, 443, "0.0.0.0/0"),
        ("ECSTasksSG", "out", 6379, 6379, "ElastiCacheSG"),
        ("ElastiCacheSG", "in", 6379, 6379, "ECSTasksSG"),
        ("ElastiCacheSG", "in", 6379, 6379, "LambdaSG"),
    }
    implied = {
        ("AlbSG", "in", 443, 443, "0.0.0.0/0"),
        ("AlbSG", "in", 8080, 8080, "10.0.0.0/16"),
        ("AlbSG", "out", 8080, 8080, "10.0.0.0/16"),
        ("LambdaSG", "out", 443, 443, "0.0.0.0/0"),
        ("LambdaSG", "out", 6379, 6379, "ElastiCacheSG"),
    }
    assert found == specified | implied


def test_subnets_lie_in_the_vpc_side_by_side_in_two_zones() -> None:
    """Each role has one in either zone: the load balancer, the tasks and Redis all need two."""
    network = render("network").resources
    subnets = {key: each["Properties"] for key, each in network.items() if each["Type"] == "AWS::EC2::Subnet"}
    ranges = [ip_network(each["CidrBlock"]) for each in subnets.values()]
    assert all(each.subnet_of(ip_network(network["Vpc"]["Properties"]["CidrBlock"])) for each in ranges)
    assert not [1 for one in ranges for other in ranges if one is not other and one.overlaps(other)]
    for role in ("Public", "Tasks", "Data"):
        assert subnets[f"{role}SubnetA"]["AvailabilityZone"] != subnets[f"{role}SubnetB"]["AvailabilityZone"]
    routes = {key: each["Properties"] for key, each in network.items() if each["Type"] == "AWS::EC2::Route"}
    assert not [key for key, route in routes.items() if route["RouteTableId"] == "${DataRoutes}"]


def test_every_nested_stack_is_tagged_for_the_bill() -> None:
    """CloudFormation hands a stack's tags to all it makes: project, environment, customer and component."""
    nested = resources("main", "AWS::CloudFormation::Stack")
    for key, stack in nested.items():
        assert [tag["Key"] for tag in stack["Properties"]["Tags"]] == [
            "Project",
            "Environment",
            "Customer",
            "Component",
        ], key
        assert stack["Properties"]["TemplateURL"].removeprefix("./").removesuffix(".yaml") in names()
    for environment in ("staging", "production"):
        written = json.loads((DIRECTORY / "parameters" / f"{environment}.json").read_text())
        assert set(written["Tags"]) == {"Project", "Environment", "Customer"}
    assert at(render("agent").resources, "Service.Properties.PropagateTags") == "SERVICE"


def test_functions_invoked_asynchronously_have_a_dead_letter_queue() -> None:
    """Whoever is called by a schedule or an event has nobody to tell of a failure."""
    for name in names():
        invoked = {
            _text(config["Properties"]["FunctionName"])
            for config in resources(name, "AWS::Lambda::EventInvokeConfig").values()
        }
        scheduled = {
            _text(target["Arn"])
            for rule in resources(name, "AWS::Events::Rule").values()
            for target in rule["Properties"]["Targets"]
        }
        functions = resources(name, "AWS::Lambda::Function")
        with_queue = {key for key, function in functions.items() if "DeadLetterConfig" in function["Properties"]}
        assert {json.loads(each)["Ref"] for each in invoked} == with_queue
        assert {json.loads(each)["Fn::GetAtt"][0] for each in scheduled} <= with_queue


def test_the_parameter_files_name_parameters_of_main() -> None:
    """And values it allows."""
    allowed = load("main")["Parameters"]
    for environment in ("staging", "production"):
        written = json.loads((DIRECTORY / "parameters" / f"{environment}.json").read_text())
        for key, value in written["Parameters"].items():
            parameter = allowed[key]
            assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value), key
            assert value in map(str, parameter.get("AllowedValues", [value])), key


def test_every_template_is_nested_or_a_stack_of_its_own() -> None:
    """Nothing lies about that no path deploys."""
    nested = {
        stack["Properties"]["TemplateURL"][2:-5] for stack in resources("main", "AWS::CloudFormation::Stack").values()
    }
    alone = {"bootstrap", "secrets", "main", "pipeline", "sagemaker", "multi-region"}
    assert nested | alone == set(names())


def test_the_bodies_of_submissions_pass_the_web_acl() -> None:
    """Reviewed code is SQL, HTML and attacks; the rules look at a body only where it is no submission."""
    rules = {rule["Name"]: rule for rule in render("rest").resources["WebAcl"]["Properties"]["Rules"]}
    assert rules["submission"]["Action"] == {"Count": {}}
    label = rules["submission"]["RuleLabels"][0]["Name"]
    other = {"NotStatement": {"Statement": {"LabelMatchStatement": {"Scope": "LABEL", "Key": label}}}}
    for name in ("sql-injection", "cross-site-scripting"):
        assert rules[name]["Priority"] > rules["submission"]["Priority"]
        for statement in at(rules[name], "Statement.OrStatement.Statements"):
            if "AndStatement" in statement:
                assert other in statement["AndStatement"]["Statements"]
            else:
                ((_, match),) = statement.items()
                assert "Body" not in match["FieldToMatch"]
    assert at(rules["known-bad-inputs"], "Statement.ManagedRuleGroupStatement.ScopeDownStatement") == other


def test_the_models_of_the_rest_api_are_current() -> None:
    """They are made from the schemas that the OpenAPI document is made from."""
    text = TEMPLATE.read_text(encoding="utf-8")
    assert rendered(text) == text, "run make rest-models"


@pytest.mark.parametrize("name", ["bootstrap", "secrets"])
def test_log_groups_may_use_the_keys_they_lie_under(name: str) -> None:
    """CloudWatch Logs refuses a group whose key does not let it in."""
    policy = at(render(name).resources, "Key.Properties.KeyPolicy")
    logs = at(policy, "Statement[Logs]")
    assert logs["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
    assert {"kms:Encrypt", "kms:Decrypt"} <= set(logs["Action"])


def test_cfn_lint_finds_nothing() -> None:
    """No error and no warning; the one kind left out is explained in the configuration."""
    lint = require("infrastructure")
    done = subprocess.run(
        [lint, "--config-file", "deploy/cfnlintrc.yaml"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_checkov_finds_nothing_that_is_not_justified() -> None:
    """Every exception stands beside its resource, or with its reason in the configuration."""
    checkov = require("checkov")
    done = subprocess.run(
        [checkov, "--config-file", "deploy/checkov.yaml"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_exception_from_a_check_has_its_reason() -> None:
    """A skipped check without words is a mistake nobody sees again."""
    for name in names():
        for key, resource in resources(name).items():
            for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
                assert len(skip["comment"]) > 7, f"{name}.{key}"


def test_scripts_are_clean_shell() -> None:
    """shellcheck finds nothing."""
    scripts = sorted(Path(ROOT, "deploy", "scripts").glob("*.sh"))
    linter = ROOT / ".venv" / "bin" / "shellcheck"
    command = [str(linter) if linter.exists() else "shellcheck", "-x", "-P", "deploy/scripts", *map(str, scripts)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
