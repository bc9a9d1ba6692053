"""Whatever the text, the analyser answers: with findings within the file, or with a problem."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereview.analysers.infra.analyser import InfraAnalyser, rules
from codereview.domain.sources import SourceFile
from codereview.ports import AnalysisReport

_PATHS = ["Dockerfile", ".github/workflows/ci.yml", "compose.yaml", "main.tf", "deploy.yaml", "template.yaml"]
#: What makes a file of the last two names one of the kind it should be.
_HEADS = {"deploy.yaml": "apiVersion: v1\nkind: Pod\n", "template.yaml": "AWSTemplateFormatVersion: x\n"}
_SOUP = [
    *{line + "\n" for rule in rules() for example in rule.invalid for line in example.code.splitlines()},
    *"{ } [ ] ( ) \" ' : , = - ${ ${{ }} {{ << EOF && | \\ # !Ref & * ? > <<: @ %".split(),  # noqa: SIM905
    "\n",
    "  ",
    "\t",
]
_TEXT = st.text(max_size=300) | st.lists(st.sampled_from(sorted(_SOUP)), max_size=40).map("".join)


def _examine(path: str, text: str) -> AnalysisReport:
    file = SourceFile(path=path, text=_HEADS.get(path, "") + text)
    analyser = InfraAnalyser()
    assert analyser.applies_to(file)
    report = analyser.run(None, [file], agent="security")  # type: ignore[arg-type]
    assert report.examined or report.problems
    for finding in report.findings:
        assert finding.line is not None
        assert 1 <= finding.line <= len(file.lines)
    return report


@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(_PATHS), _TEXT)
def test_no_text_makes_it_fail(path: str, text: str) -> None:
    """Every finding stands within the file."""
    _examine(path, text)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", _PATHS)
def test_no_soup_of_tokens_makes_it_fail(path: str) -> None:
    """Half-valid text reaches further than random characters do: six thousand of them in all."""

    @settings(max_examples=1_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(_TEXT)
    def check(text: str) -> None:
        _examine(path, text)

    check()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("main.tf", "a = " + "[" * 5_000 + "]" * 5_000),
        ("main.tf", "a = " + "(" * 50_000),
        ("main.tf", "a {\n" * 3_000 + "}\n" * 3_000),
        ("main.tf", 'a = "' + "${" * 5_000),
        ("main.tf", "a = <<EOF\n" * 2_000),
        ("main.tf", "a = x ? y :\n" * 5_000),
        ("main.tf", "/*" * 50_000),
        ("deploy.yaml", "a: " + "[" * 50_000),
        ("deploy.yaml", "".join(" " * n + "a:\n" for n in range(2_000))),
        ("deploy.yaml", "- " * 50_000),
        (
            "deploy.yaml",
            "a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
            + "".join(f"{chr(n + 1)}: &{chr(n + 1)} [{','.join(['*' + chr(n)] * 8)}]\n" for n in range(98, 115)),
        ),
        ("deploy.yaml", "a: &a\n  b: *a\n"),
        ("deploy.yaml", "{{" * 50_000),
        ("template.yaml", "Resources: {A: {Type: AWS::X::Y, Properties: {P: '" + "{" * 5_000 + '"Statement"' + "'}}}"),
        ("Dockerfile", "RUN a \\\n" * 20_000),
        ("Dockerfile", "RUN " + "curl a " * 20_000),
        ("Dockerfile", "RUN " + "chmod -a " * 20_000),
        ("Dockerfile", "RUN <<EOF\n" * 60_000),
        ("compose.yaml", "services:\n  a:\n    volumes:\n" + "      - a\n" * 20_000),
        (".github/workflows/ci.yml", "jobs:\n  a:\n    steps:\n" + "      - run: curl x | sh\n" * 5_000),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_hostile_files_end_in_time(path: str, text: str) -> None:
    """A file made to exhaust the analyser costs a bounded amount of work."""
    started = time.process_time()
    _examine(path, text)
    assert time.process_time() - started < 8
