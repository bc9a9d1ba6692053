"""zizmor: what is its own, beyond what every tool keeps to (tests/contract/test_analysers.py)."""

import pytest
from support.analysing import examine, natives, quoted

from codereview.analysers.zizmor import Zizmor
from codereview.domain.findings import Confidence, Severity
from codereview.domain.sources import SourceFile

_PATH = ".github/workflows/ci.yml"
_HEAD = "on: issues\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
_ACTION = (
    "name: a\ndescription: b\nruns:\n  using: composite\n  steps:\n    - run: echo ${{ inputs.x }}\n      shell: sh\n"
)


def test_columns_count_characters() -> None:
    """zizmor counts bytes."""
    text = _HEAD + '      - {name: "é𝒳", run: "echo ${{ github.event.issue.title }}"}\n'

    (finding,) = examine(Zizmor(), {_PATH: text}).findings

    assert quoted(finding, text) == "github.event.issue.title"


def test_a_finding_on_several_lines_ends_with_the_last_of_them() -> None:
    """The span zizmor prints ends at the start of the next line."""
    text = "on: pull_request\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"

    (finding,) = examine(Zizmor(), {_PATH: text}).findings

    assert finding.native_rule == "excessive-permissions"
    assert (finding.line, finding.end_line) == (3, 6)


def test_what_zizmor_grades_lower_is_lower() -> None:
    """An input of an action is less of a danger than the title of an issue."""
    (finding,) = examine(Zizmor(), {"action.yml": _ACTION}).findings

    assert finding.native_rule == "template-injection"
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.LOW)


def test_a_finding_says_what_zizmor_points_at() -> None:
    """One rule has several forms."""
    text = _HEAD + "      - run: echo ${{ github.event.issue.title }}\n"

    (finding,) = examine(Zizmor(), {_PATH: text}).findings

    assert finding.message.endswith("Here: may expand into attacker-controllable code.")


@pytest.mark.parametrize(
    ("path", "applies"),
    [
        (".github/workflows/ci.yml", True),
        ("sub/project/.github/workflows/ci.yaml", True),
        ("action.yml", True),
        ("my-action/action.yaml", True),
        (".github/workflows/notes.md", False),
        (".github/workflows/sub/ci.yml", False),
        (".github/dependabot.yml", False),
        ("workflows/ci.yml", False),
    ],
)
def test_workflows_and_actions_are_known_by_their_places(path: str, applies: bool) -> None:
    """Where GitHub looks for them."""
    assert Zizmor().applies_to(SourceFile(path=path, text="")) is applies


@pytest.mark.parametrize("text", ["hello: [1]\n", "on: push\njobs: []\n", "- a\n"])
def test_a_workflow_that_is_none_is_a_problem(text: str) -> None:
    """GitHub would not run it either. The other one is audited."""
    good = _HEAD + "      - run: echo ${{ github.event.issue.title }}\n"

    report = examine(Zizmor(), {".github/workflows/bad.yml": text, _PATH: good})

    assert [(p.path, p.reason) for p in report.problems] == [(".github/workflows/bad.yml", "syntax error")]
    assert report.examined == {_PATH}
    assert natives(report) == ["template-injection"]


def test_a_file_called_action_that_is_something_else_is_unsupported() -> None:
    """Other programs have files of this name, too; that is no gap in the review."""
    report = examine(Zizmor(), {"config/action.yml": "type: restart\n"})

    assert [(p.path, p.reason) for p in report.problems] == [("config/action.yml", "unsupported")]
    assert report.examined == frozenset()
