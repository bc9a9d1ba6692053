"""What a project says about its reviews."""

from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest
from support.trees import write

from codereview.domain.findings import Severity
from codereview.domain.reviews import FilterMode, PathRule, ReviewOptions, Suppression
from codereview.errors import ConfigurationError
from codereview.inputs.project_config import ProjectConfig, load_config, parse_config

EVERYTHING = """\
exclude = ["tests/data/", "*.pb.go"]
agents = ["security"]
min_severity = "low"
fail_on = "medium"
filter_mode = "diff_context"
max_findings = 50
disable = ["bandit/B101", "ruff"]

[[paths]]
glob = "tests/**"
severity_floor = "high"
disable = ["secrets"]

[[suppress]]
rule = "bandit/B602"
path = "scripts/"
reason = "run by maintainers only"
expires = 2030-01-31

[[suppress]]
fingerprint = "0123456789abcdef0123456789abcdef"
reason = "a false alarm, see the discussion"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A work tree, so that nothing above it counts."""
    (tmp_path / "project" / ".git").mkdir(parents=True)
    return tmp_path / "project"


def error_of(project: Path, text: str) -> str:
    write(project, {".codereview.toml": dedent(text)})
    with pytest.raises(ConfigurationError) as caught:
        load_config(project)
    return caught.value.detail


# --- values


def test_every_key_is_read(project: Path) -> None:
    write(project, {".codereview.toml": EVERYTHING})
    config = load_config(project).config
    assert config.exclude == ("tests/data/", "*.pb.go")
    assert config.review_options() == ReviewOptions(
        agents=("security",),
        min_severity=Severity.LOW,
        fail_on=Severity.MEDIUM,
        filter_mode=FilterMode.DIFF_CONTEXT,
        max_findings=50,
        disabled_rules=("bandit/B101", "ruff"),
        path_rules=(PathRule(glob="tests/**", severity_floor=Severity.HIGH, disable=("secrets",)),),
        suppressions=(
            Suppression(
                rule="bandit/B602", path="scripts/", reason="run by maintainers only", expires=date(2030, 1, 31)
            ),
            Suppression(fingerprint="0123456789abcdef0123456789abcdef", reason="a false alarm, see the discussion"),
        ),
    )


def test_every_key_of_the_configuration_is_in_this_test() -> None:
    """A new key without a test would fail here."""
    for key in ProjectConfig.model_fields:
        assert key in EVERYTHING


def test_without_a_file_everything_has_its_default(project: Path) -> None:
    found = load_config(project)
    assert (found.config, found.path) == (ProjectConfig(), None)
    assert found.config.review_options() == ReviewOptions()
    assert found.config.options() == {}, "what is not set leaves the choice to others"


def test_an_empty_file_counts_as_one(project: Path) -> None:
    write(project, {".codereview.toml": ""})
    found = load_config(project)
    assert (found.config, found.path) == (ProjectConfig(), project / ".codereview.toml")


# --- which file


def test_the_shared_file_is_read_from_its_table(project: Path) -> None:
    write(project, {"pyproject.toml": '[tool.ruff]\nx = 1\n[tool.codereview]\nfail_on = "low"\n'})
    found = load_config(project)
    assert (found.config.fail_on, found.path) == (Severity.LOW, project / "pyproject.toml")


def test_a_shared_file_without_the_table_is_passed_over(project: Path) -> None:
    write(
        project,
        {
            ".codereview.toml": 'fail_on = "low"\n',
            "sub/pyproject.toml": "[tool.ruff]\nx = 1\n",
            "other/pyproject.toml": "[project]\n",
        },
    )
    assert load_config(project / "sub").path == project / ".codereview.toml"
    assert load_config(project / "other").path == project / ".codereview.toml"


def test_the_own_file_outranks_the_shared_one_beside_it(project: Path) -> None:
    write(
        project,
        {
            ".codereview.toml": 'fail_on = "low"\n',
            "pyproject.toml": '[tool.codereview]\nfail_on = "info"\nagents = []\n',
        },
    )
    assert load_config(project).config.fail_on is Severity.LOW


def test_the_nearest_file_wins_whole(project: Path) -> None:
    """Files are not merged: what applies can be read in one place."""
    write(
        project,
        {
            ".codereview.toml": 'fail_on = "low"\nmax_findings = 7\n',
            "service/pyproject.toml": '[tool.codereview]\nfail_on = "info"\n',
            "service/src/a.py": "x = 1\n",
            "lib/b.py": "x = 1\n",
        },
    )
    near = load_config(project / "service" / "src" / "a.py").config
    assert (near.fail_on, near.max_findings) == (Severity.INFO, 2000)
    assert load_config(project / "lib" / "b.py").config.max_findings == 7


def test_nothing_above_the_work_tree_counts(project: Path) -> None:
    write(project.parent, {".codereview.toml": 'fail_on = "low"\n'})
    write(project, {"src/a.py": "x = 1\n"})
    assert load_config(project / "src").path is None


def test_without_a_work_tree_directories_above_count(tmp_path: Path) -> None:
    write(tmp_path, {".codereview.toml": "", "a/b/c.py": "x = 1\n"})
    assert load_config(tmp_path / "a" / "b" / "c.py").path == tmp_path / ".codereview.toml"


def test_a_link_counts_where_it_leads(project: Path) -> None:
    write(project, {".codereview.toml": "", "src/a.py": "x = 1\n"})
    (project.parent / "link").symlink_to(project / "src")
    assert load_config(project.parent / "link").path == project / ".codereview.toml"


# --- origins


def test_each_value_has_its_origin(project: Path) -> None:
    write(project, {".codereview.toml": 'fail_on = "high"\n'})
    found = load_config(project)
    assert found.origin_of("fail_on") == str(project / ".codereview.toml"), "set, though to the default"
    assert found.origin_of("agents") == "default"


# --- errors


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("min_severty = 'low'", "unknown key 'min_severty'; did you mean min_severity?"),
        ("min-severity = 'low'", "unknown key 'min-severity'; did you mean min_severity?"),
        ("failOn = 'low'", "unknown key 'failOn'; did you mean fail_on?"),
        ("zzz = 1", "unknown key 'zzz'; the keys are exclude, agents, min_severity, "),
        (
            "[[paths]]\nglob = '*'\nseverity_flor = 'low'",
            "unknown key 'paths[0].severity_flor'; did you mean severity_floor?",
        ),
        ("[[suppress]]\nrule = 'x'\nreson = 'y'", "unknown key 'suppress[0].reson'; did you mean reason?"),
        ("[[suppress]]\nrule = 'x'\nreason = 'y'\nuntil = 2030-01-01", "unknown key 'suppress[0].until'; the keys are"),
        (
            "[[suppress]]\nrule = 'x'\nreason = 'y'\nexpire = 2030-01-01",
            "unknown key 'suppress[0].expire'; did you mean expires?",
        ),
        ("[[suppress]]\nrule = 'x'", "suppress[0].reason: Field required"),
        ("[[suppress]]\nrule = 'x'\nreason = ''", "suppress[0].reason: "),
        ("[[suppress]]\nreason = 'y'", "suppress[0]: a suppression names a rule, a path or a fingerprint"),
        ("[[suppress]]\nrule = 'x'\nreason = 'y'\nexpires = 'soon'", "suppress[0].expires: "),
        ("[[paths]]\nseverity_floor = 'low'", "paths[0].glob: Field required"),
        ("fail_on = 'severe'", "fail_on: should be 'critical', 'high', 'medium', 'low' or 'info'"),
        ("agents = ['security', 'style']", "agents: unknown agent 'style'; the agents are security, bug"),
        ("agents = []", "agents: name at least one; the agents are security, bug"),
        ("agents = 'security'", "agents: should be a list"),
        ("max_findings = 0", "max_findings: should be greater than or equal to 1"),
        ("exclude = ['ok', '\\']", "exclude[1]: Invalid git pattern"),
        ("[[paths]]\nglob = '\\'", "paths[0].glob: Invalid git pattern"),
        ("[[suppress]]\npath = '\\'\nreason = 'y'", "suppress: Invalid git pattern"),
        ("exclude = [1]", "exclude[0]: should be a valid string"),
        ("fail_on = ", "is not valid TOML: "),
        ("a = 1\na = 2", "is not valid TOML: "),
    ],
)
def test_an_error_names_file_and_key_and_what_would_be_right(project: Path, text: str, message: str) -> None:
    detail = error_of(project, text)
    assert detail.startswith(str(project / ".codereview.toml"))
    assert message in detail


def test_errors_of_the_shared_file_name_it(project: Path) -> None:
    write(project, {"pyproject.toml": "[tool.codereview]\nfial_on = 'low'\n"})
    with pytest.raises(ConfigurationError, match=r"pyproject\.toml: unknown key 'fial_on'; did you mean fail_on\?"):
        load_config(project)


@pytest.mark.parametrize("text", ["[tool]\ncodereview = 3\n", "tool = 3\n", "[[tool.codereview]]\nfail_on = 'low'\n"])
def test_a_table_that_is_none_is_not_silently_ignored(project: Path, text: str) -> None:
    write(project, {"pyproject.toml": text})
    with pytest.raises(ConfigurationError, match="should be a table"):
        load_config(project)


def test_a_file_that_is_not_utf8_is_an_error(project: Path) -> None:
    write(project, {".codereview.toml": b"exclude = ['\xff']\n"})
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        load_config(project)


def test_a_file_nested_without_end_is_an_error(project: Path) -> None:
    write(project, {".codereview.toml": "x = " + "[" * 100_000})
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        load_config(project)


def test_a_directory_of_the_name_is_no_configuration(project: Path) -> None:
    (project / ".codereview.toml").mkdir()
    assert load_config(project).path is None


def test_a_configuration_from_elsewhere_can_be_read_too() -> None:
    """For a pull request it comes from the base branch, not from a disk."""
    assert parse_config({"fail_on": "low"}, Path("base:.codereview.toml")).fail_on is Severity.LOW
