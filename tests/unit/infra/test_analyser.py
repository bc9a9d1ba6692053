"""Which files are looked at, how much a finding weighs where, and what becomes of what another tool says too."""

import pytest
from support.analysing import examine, natives

from codereview.analysers.hadolint import Hadolint
from codereview.analysers.infra.analyser import InfraAnalyser
from codereview.analysers.zizmor import Zizmor
from codereview.application.collecting import Collector
from codereview.domain.findings import Finding, Severity
from codereview.domain.reviews import ReviewOptions
from codereview.domain.sources import SourceFile
from codereview.ports import Analyser

_POD = (
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: {space}\n"
    "spec:\n  hostPID: true\n  containers:\n    - image: a:1\n"
)
_BUCKET = 'resource "aws_s3_bucket" "a" {\n  acl = "public-read"\n}\n'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Dockerfile", ""),
        ("docker/app.dockerfile", ""),
        ("compose.yaml", ""),
        ("docker-compose.prod.yml", ""),
        ("stack.yml", "services:\n  a:\n    image: b\n"),
        ("k8s/deploy.yaml", "apiVersion: v1\nkind: Pod\n"),
        ("k8s/deploy.json", '{\n  "apiVersion": "v1",\n  "kind": "Pod"\n}\n'),
        ("main.tf", ""),
        ("stack.yaml", "Resources:\n  A:\n    Type: AWS::S3::Bucket\n"),
        ("stack.template", '{"AWSTemplateFormatVersion": "2010-09-09"}'),
        (".github/workflows/ci.yml", ""),
        ("action.yml", ""),
    ],
)
def test_it_applies_to(path: str, text: str) -> None:
    """By the name, and where that says nothing by what the text says that it is."""
    assert InfraAnalyser().applies_to(SourceFile(path=path, text=text))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mkdocs.yml", "site_name: a\nkind: b\n"),
        ("package.json", '{"name": "a", "services": {}}'),
        ("openapi.yaml", "openapi: 3.1.0\ninfo:\n  title: a\n"),
        ("Dockerfile.j2", "FROM {{ base }}\n"),
        ("values.yaml", "image:\n  repository: a\n"),
        ("app.py", "FROM = 1\n"),
        ("ansible.yml", "- hosts: all\n  tasks:\n    - name: a\n"),
    ],
)
def test_it_does_not_apply_to(path: str, text: str) -> None:
    """Most YAML and JSON is no infrastructure."""
    assert not InfraAnalyser().applies_to(SourceFile(path=path, text=text))


def test_what_belongs_to_the_cluster_itself_weighs_little() -> None:
    """A network plugin needs the node's namespaces."""
    found = {
        space: examine(InfraAnalyser(), {"a.yaml": _POD.format(space=space)}).findings[0]
        for space in ("shop", "kube-system")
    }
    assert {space: (f.native_rule, f.severity) for space, f in found.items()} == {
        "shop": ("kubernetes-host-namespace", Severity.MEDIUM),
        "kube-system": ("kubernetes-host-namespace", Severity.LOW),
    }


def test_what_belongs_to_a_test_weighs_little() -> None:
    """Nothing runs it elsewhere."""
    (finding,) = examine(InfraAnalyser(), {"tests/fixtures/main.tf": _BUCKET}).findings
    assert finding.severity is Severity.LOW


def test_a_finding_points_at_the_line_that_is_wrong() -> None:
    """Not at the beginning of the resource."""
    (finding,) = examine(InfraAnalyser(), {"main.tf": _BUCKET}).findings
    assert finding.line == 2


def test_a_file_that_cannot_be_read_is_a_problem_of_that_file_alone() -> None:
    """And says where the reader gave up."""
    report = examine(InfraAnalyser(), {"a.tf": "a {\n  b =\n}\n", "b.tf": _BUCKET})
    assert [(problem.path, problem.reason) for problem in report.problems] == [("a.tf", "syntax error")]
    assert report.examined == {"b.tf"}


def test_a_template_is_no_gap() -> None:
    """It is not yet what it will be; nobody expects it to be examined."""
    report = examine(InfraAnalyser(), {"a.yaml": "apiVersion: v1\nkind: Pod\n{% if x %}\n  a: [\n"})
    assert [problem.reason for problem in report.problems] == ["unsupported"]


def test_the_bug_agent_gets_none() -> None:
    """A finding is reported once, by the agent it belongs to."""
    assert natives(examine(InfraAnalyser(), {"main.tf": _BUCKET}, agent="bug")) == []


def _together(path: str, text: str, *analysers: Analyser) -> list[Finding]:
    collector = Collector("security", ReviewOptions())
    collector.take([SourceFile(path=path, text=text)])
    for analyser in analysers:
        list(collector.add(examine(analyser, {path: text})))
    return collector.findings()


def _sources(findings: list[Finding], line: int) -> list[set[str]]:
    return [{p.source for p in finding.provenance} for finding in findings if finding.start_line == line]


def test_what_zizmor_says_too_is_one_finding() -> None:
    """With both names, and the more to be believed for it."""
    text = (
        "on: issues\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: |\n          set -e\n          echo ${{ github.event.issue.title }}\n"
    )
    findings = _together(".github/workflows/ci.yml", text, InfraAnalyser(), Zizmor())
    assert _sources(findings, 9) == [{"infra", "zizmor"}]


def test_that_an_image_runs_as_root_is_said_once() -> None:
    """hadolint says it of one that asks for root, we of one that says nothing."""
    asks = _together("Dockerfile", 'FROM debian:12\nUSER root\nCMD ["a"]\n', InfraAnalyser(), Hadolint())
    silent = _together("Dockerfile", 'FROM debian:12\nCMD ["a"]\n', InfraAnalyser(), Hadolint())
    assert [f.rule_id for f in asks if f.cwe == 250] == ["hadolint/DL3002"]
    assert [f.rule_id for f in silent if f.cwe == 250] == ["infra/docker-no-user"]
