"""Names that templates and code both write are the same: metrics, tables, functions, queues, settings, secrets."""

import ast
import json
import re
from typing import Any

import pytest
import yaml
from support.templates import DIRECTORY, at, load, names, render, resources

from api.problem_docs import REMEDIES
from codereview.adapters.celery.names import QUEUES
from codereview.adapters.dynamodb.items import inline_item
from codereview.adapters.dynamodb.tables import RECOVERY_DAYS, TTL_ATTRIBUTE, keys_definition, reviews_definition
from codereview.adapters.redis import keys
from codereview.config import Settings
from codereview.domain.metrics import METRICS
from codereview.domain.reviews import AGENTS
from codereview.web.problems import TYPE_PREFIX

ROOT = DIRECTORY.parents[1]
ALL = "\n".join((DIRECTORY / f"{name}.yaml").read_text(encoding="utf-8") for name in names())
SPECIFIED_METRICS = {
    "ReviewsSubmitted": "Count",
    "ReviewsCompleted": "Count",
    "ReviewsFailed": "Count",
    "ReviewDuration": "Milliseconds",
    "FindingsPerReview": "Count",
    "AgentTokenUsage": "Count",
    "AgentErrors": "Count",
    "WebSocketConnections": "Count",
}


def _dashboard() -> list[dict[str, Any]]:
    body = at(render("observability").resources, "OperationalDashboard.Properties.DashboardBody")
    widgets: list[dict[str, Any]] = json.loads(body)["widgets"]
    return widgets


def test_the_eight_metrics_are_the_codes_own() -> None:
    """Name and unit, as the specification has them."""
    assert {name: str(METRICS[name].unit) for name in SPECIFIED_METRICS} == SPECIFIED_METRICS


def test_the_dashboard_has_the_widgets_demanded() -> None:
    """Reviews a minute, error rate, latency by percentile, connections, tokens."""
    widgets = {widget["properties"]["title"]: widget["properties"] for widget in _dashboard()}
    assert {"Reviews/minute", "Error rate", "P50/P95/P99 latency", "Active connections", "Token usage"} <= set(widgets)
    stats = [row[-1]["stat"] for row in widgets["P50/P95/P99 latency"]["metrics"]]
    assert stats == ["p50", "p95", "p99"]
    assert widgets["Reviews/minute"]["period"] == 60


def test_every_metric_of_the_dashboard_is_written_by_the_code_with_these_dimensions() -> None:
    """A widget of a metric that nobody writes stays empty without a word."""
    shown = set()
    for widget in _dashboard():
        for namespace, name, *rest in (row for row in widget["properties"]["metrics"] if isinstance(row[0], str)):
            dimensions = [each for each in rest if isinstance(each, str)][::2]
            assert namespace == Settings.model_fields["metrics_namespace"].default
            assert dimensions[0] == "Environment"
            assert set(dimensions[1:]) <= set(METRICS[name].dimensions), name
            shown.add(name)
    assert shown >= set(SPECIFIED_METRICS)


@pytest.mark.parametrize("template", ["observability", "agent"])
def test_alarms_and_scaling_watch_metrics_the_code_writes(template: str) -> None:
    """A gauge with dimensions of its own is written by these alone."""
    text = json.dumps(
        [
            each["Properties"]
            for each in render(template, **({"AgentType": "bug"} if template == "agent" else {})).resources.values()
        ]
    )
    watched = set(re.findall(r'"MetricName": "(\w+)"', text))
    assert watched
    assert watched <= set(METRICS)
    for match in re.finditer(r'\{"Namespace": "CodeReview", "MetricName": "(\w+)", "Dimensions": (\[.*?\])', text):
        dimensions = {each["Name"] for each in json.loads(match[2])}
        metric = METRICS[match[1]]
        own = {"Environment", *metric.dimensions}
        assert dimensions == own or (metric.kind != "gauge" and dimensions == {"Environment"}), match[1]


def test_the_saved_queries_read_fields_the_code_logs() -> None:
    """eventType, reviewId, duration and findingCount are members of the line at a review's end."""
    source = (ROOT / "codereview" / "application" / "finalizing.py").read_text(encoding="utf-8")
    query = at(render("observability").resources, "PerformanceQuery.Properties.QueryString")
    for field in ("reviewId", "duration", "findingCount"):
        assert field in query
        assert f'"{field}"' in source


def test_what_the_gateway_refuses_by_itself_is_a_problem_document_too() -> None:
    """Of a type the documentation explains, or of none; whatever the gateway says in its own words stays JSON."""
    documented = {TYPE_PREFIX + slug for slug in REMEDIES} | {"about:blank"}
    said = {"$context.error.messageString": '"It said \\"no\\""', "$util.escapeJavaScript(": "", "String)": ""}
    refused = resources("rest", "AWS::ApiGateway::GatewayResponse")
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= {each["Properties"]["ResponseType"] for each in refused.values()}
    (deployed,) = resources("rest", "AWS::ApiGateway::Deployment").values()
    for name, each in refused.items():
        headers = each["Properties"]["ResponseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'", name
        text = each["Properties"]["ResponseTemplates"]["application/json"]
        for variable, value in said.items():
            text = text.replace(variable, value)
        problem = json.loads(text)
        assert problem["type"] in documented, name
        assert str(problem.get("status", "")) == each["Properties"].get("StatusCode", ""), name
        assert set(problem) - {"status"} == {"type", "title", "detail", "requestId"}, name
        assert name in deployed["DependsOn"], f"{name} would not be part of the first deployment"


def test_the_reviews_table_is_the_one_the_code_makes_for_stand_ins() -> None:
    """Keys, indexes, projections and the time to live."""
    table = render("data").resources["ReviewsTable"]["Properties"]
    code = reviews_definition(table["TableName"])
    for part in ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode", "TableName"):
        assert table[part] == code[part], part  # type: ignore[literal-required]
    assert table["TimeToLiveSpecification"]["AttributeName"] == TTL_ATTRIBUTE
    assert at(table, "Replicas[0].PointInTimeRecoverySpecification.RecoveryPeriodInDays") == RECOVERY_DAYS


def test_the_keys_table_is_the_one_the_code_makes_for_stand_ins() -> None:
    """Its key."""
    table = render("data").resources["KeysTable"]["Properties"]
    code = keys_definition(table["TableName"])
    assert (table["KeySchema"], table["AttributeDefinitions"]) == (code["KeySchema"], code["AttributeDefinitions"])


def test_an_item_has_the_attributes_specified() -> None:
    """reviewId, filename, status, createdAt, completedAt, findings and metrics; code where it refers to the bucket."""
    written = inspect_item()
    assert {"reviewId", "filename", "status", "createdAt", "completedAt", "findings", "metrics", "code"} <= written


def inspect_item() -> set[str]:
    """The attribute names written by the module of items."""
    tree = ast.parse((ROOT / "codereview" / "adapters" / "dynamodb" / "items.py").read_text(encoding="utf-8"))
    names_ = {
        key.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    }
    assert inline_item.__module__.endswith("items")
    return names_ | {
        keyword.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for keyword in node.keywords if keyword.arg
    }


def test_the_keys_and_channels_of_redis_are_the_specified_ones() -> None:
    """Five keys and two channels."""
    review = keys.of_review("r")
    assert (review.state, review.events, review.findings) == ("review:r:state", "review:r:events", "review:r:findings")
    assert keys.agent_status("a") == "agent:a:status"
    assert keys.ws_connections("r") == "ws:connections:r"
    assert (review.channel, keys.AGENT_COMMANDS) == ("events:r", "agent:commands")


def test_there_is_an_agent_stack_for_every_agent_and_a_queue_for_every_stack() -> None:
    """Two in main, by the names the code has."""
    stacks = [each["Properties"]["Parameters"] for each in resources("main", "AWS::CloudFormation::Stack").values()]
    deployed = {each["AgentType"] for each in stacks if "AgentType" in each}
    assert deployed == set(AGENTS) == set(load("agent")["Parameters"]["AgentType"]["AllowedValues"])
    assert deployed < set(QUEUES)


def test_every_function_of_the_templates_is_a_module_and_the_other_way_round() -> None:
    """Handler, zip and function are named alike; no module is left undeployed."""
    deployed = set()
    for name in names():
        for key, function in resources(name, "AWS::Lambda::Function").items():
            properties = function["Properties"]
            module = properties["Handler"].removeprefix("lambdas.").removesuffix(".handler")
            assert at(properties, "Code.S3Key")["Fn::Sub"].endswith(f"/{module}.zip"), key
            assert module.replace("_", "-") in json.dumps(properties["FunctionName"]), key
            deployed.add(module)
    modules = {path.stem for path in (ROOT / "lambdas").glob("[!_]*.py")}
    assert modules == deployed


def test_settings_in_templates_are_settings_of_the_code() -> None:
    """A misspelled variable would be ignored without a word."""
    known = {f"CODEREVIEW_{name.upper()}" for name in Settings.model_fields}
    lambdas = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "lambdas").glob("*.py"))
    written = set(re.findall(r"\bCODEREVIEW_[A-Z_]+\b", ALL))
    unknown = {each for each in written if each not in known and each not in lambdas}
    assert unknown == set(), "nobody reads them"


def test_secrets_in_templates_are_the_ones_the_script_stores() -> None:
    """Three parameters; a task whose secret is missing does not start."""
    script = (ROOT / "deploy" / "scripts" / "put_secrets.sh").read_text(encoding="utf-8")
    stored = set(re.findall(r"^\s*put ([a-z-]+) ", script, re.MULTILINE))
    used = set(re.findall(r"parameter/codereview/\$\{Environment\}/([a-z-]+)", ALL))
    assert used == stored == {"anthropic-api-key", "redis-auth-token", "secret-key"}


def test_the_images_are_targets_of_the_dockerfile() -> None:
    """The repositories, the targets, and what an agent's container is told to run."""
    targets = set(re.findall(r"^FROM base AS (\w+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE))
    repositories = {
        each["Properties"]["RepositoryName"] for each in resources("bootstrap", "AWS::ECR::Repository").values()
    }
    assert repositories == {f"codereview/{target}" for target in targets}
    container = at(render("agent", AgentType="bug").resources, "TaskDefinition.Properties.ContainerDefinitions[agent]")
    assert container["Command"] == ["bug"]


def test_the_state_machine_takes_the_functions_it_is_given() -> None:
    """Every substitution of the definition has its function, and no other."""
    definition = (ROOT / "deploy" / "statemachines" / "review-repository.asl.json").read_text(encoding="utf-8")
    machine = resources("batch")["Machine"]["Properties"]
    assert set(re.findall(r"\$\{(\w+)\}", definition)) == set(machine["DefinitionSubstitutions"])


def test_retention_is_as_long_everywhere() -> None:
    """Reviews for seven days unless said otherwise; bodies a week longer."""
    assert load("main")["Parameters"]["RetentionDays"]["Default"] == Settings.model_fields["retention_days"].default
    assert load("data")["Parameters"]["BodiesDays"]["Default"] == Settings.model_fields["retention_days"].default + 7


def test_the_buildspecs_call_what_is_there() -> None:
    """Scripts exist and may be run; make targets exist; what the pipeline takes on is made."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    projects = resources("pipeline", "AWS::CodeBuild::Project")
    specs = {each["Properties"]["Source"]["BuildSpec"] for each in projects.values()}
    assert len(specs) == 3
    for spec in specs:
        document = yaml.safe_load((ROOT / spec).read_text(encoding="utf-8"))
        commands = [line for phase in document["phases"].values() for line in phase["commands"]]
        for command in commands:
            for script in re.findall(r"(?:^|\s)((?:\.ci|deploy)/\S+)", command):
                assert (ROOT / script).stat().st_mode & 0o111, script
            for target in re.findall(r"\bmake ([a-z-]+)", command):
                assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
