"""What every analyser that is an outside tool keeps to, each with the real tool and a sample of its own.

A sample has a defect (on a line that a comment can excuse), the same file without it, and a file that cannot be read.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from support.analysing import examine, fake_tool, natives

from codereview.analysers.bandit import Bandit
from codereview.analysers.base import ToolAnalyser
from codereview.analysers.hadolint import Hadolint
from codereview.analysers.oxlint import Oxlint
from codereview.analysers.process import Bounds, ToolUnavailable
from codereview.analysers.registry import rules
from codereview.analysers.ruff import Ruff
from codereview.analysers.shellcheck import Shellcheck
from codereview.analysers.zizmor import Zizmor

_WORKFLOW = "on: issues\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: {run}\n"
_INJECTION = "echo ${{ github.event.issue.title }}"


@dataclass(frozen=True)
class Sample:
    """Files for one tool. ``bad`` breaks ``native`` on its last line; ``excuse`` is the comment that allows that."""

    analyser: type[ToolAnalyser]
    agent: str
    path: str
    native: str
    bad: str
    excused: str
    good: str
    broken: str
    #: Configuration that switches everything off, where the tool would find it.
    hostile: dict[str, str] = field(default_factory=dict)

    @property
    def second(self) -> str:
        """Another path for a file of the kind."""
        folder, slash, name = self.path.rpartition("/")
        return f"other/{folder}{slash}{name}"


SAMPLES = {
    sample.analyser.name: sample
    for sample in (
        Sample(
            Ruff,
            "bug",
            "src/app.py",
            "F821",
            "print(undefined_name)\n",
            "print(undefined_name)  # noqa: F821\n",
            "print('fine')\n",
            "def broken(:\n",
            {
                "ruff.toml": 'exclude = ["*"]\n[lint]\nignore = ["ALL"]\n',
                ".ruff.toml": 'extend-exclude = ["*"]\nforce-exclude = true\n',
                "pyproject.toml": '[tool.ruff]\nexclude = ["*"]\n[tool.ruff.lint.per-file-ignores]\n"*" = ["ALL"]\n',
                "src/ruff.toml": "this is not toml\n",
            },
        ),
        Sample(
            Bandit,
            "security",
            "src/app.py",
            "B506",
            "import yaml\nyaml.load(data, Loader=yaml.Loader)\n",
            "import yaml\nyaml.load(data, Loader=yaml.Loader)  # nosec\n",
            "import yaml\nyaml.safe_load(data)\n",
            "def broken(:\n",
            {
                ".bandit": "[bandit]\nskips = B506\nexclude = *\n",
                "src/.bandit": "[bandit]\nskips = B506\n",
                "bandit.yaml": "skips: [B506]\n",
                "pyproject.toml": '[tool.bandit]\nskips = ["B506"]\nexclude_dirs = ["src"]\n',
                "setup.cfg": "[bandit]\nskips = B506\n",
                "tox.ini": "[bandit]\nskips = B506\n",
            },
        ),
        Sample(
            Oxlint,
            "bug",
            "src/app.ts",
            "use-isnan",
            "if (n == NaN) { f(); }\n",
            "// oxlint-disable-next-line use-isnan\nif (n == NaN) { f(); }\n",
            "if (Number.isNaN(n)) { f(); }\n",
            "function (\n",
            {
                ".oxlintrc.json": '{"ignorePatterns": ["**/*"], "rules": {"use-isnan": "off"}}',
                "src/.oxlintrc.json": '{"rules": {"use-isnan": "off"}}',
                "oxlint.config.ts": "export default { rules: { 'use-isnan': 'off' } };\n",
                ".eslintrc.json": '{"rules": {"use-isnan": "off"}}',
                ".eslintignore": "**/*\n",
                ".gitignore": "*\n",
                "tsconfig.json": '{"exclude": ["**/*"]}',
            },
        ),
        Sample(
            Shellcheck,
            "bug",
            "bin/run.sh",
            "SC2068",
            "#!/bin/bash\nrm $@\n",
            "#!/bin/bash\n# shellcheck disable=SC2068\nrm $@\n",
            '#!/bin/bash\nrm "$@"\n',
            "#!/bin/bash\nif [ x ; then\n",
            {
                ".shellcheckrc": "disable=all\n",
                "bin/.shellcheckrc": "disable=SC2068\n",
                "shellcheckrc": "disable=all\n",
            },
        ),
        Sample(
            Hadolint,
            "security",
            "docker/Dockerfile",
            "DL3002",
            "FROM debian:12\nUSER root\n",
            "FROM debian:12\n# hadolint ignore=DL3002\nUSER root\n",
            "FROM debian:12\nUSER 1000\n",
            "FROM debian:12\nRUNN x\n",
            {
                ".hadolint.yaml": "ignored: [DL3002]\n",
                ".hadolint.yml": "ignored: [DL3002]\n",
                "docker/.hadolint.yaml": "override:\n  style: [DL3002]\nfailure-threshold: error\n",
            },
        ),
        Sample(
            Zizmor,
            "security",
            ".github/workflows/ci.yml",
            "template-injection",
            _WORKFLOW.format(run=_INJECTION),
            _WORKFLOW.format(run=f"{_INJECTION}  # zizmor: ignore[template-injection]"),
            _WORKFLOW.format(run="make"),
            "on: [push\n",
            {
                "zizmor.yml": "rules:\n  template-injection:\n    disable: true\n",
                ".github/zizmor.yml": "rules:\n  template-injection:\n    ignore: [ci.yml]\n",
                ".gitignore": "*\n",
            },
        ),
    )
}


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Sample:
    """Each tool's sample."""
    return SAMPLES[request.param]


def _misbehaving(sample: Sample, monkeypatch: pytest.MonkeyPatch, tool: str, bounds: Bounds) -> ToolAnalyser:
    """The adapter, with a program of ours in the place of its tool."""
    analyser = sample.analyser(bounds=bounds)
    monkeypatch.setattr(analyser, "program", lambda: [tool])
    return analyser


def test_it_finds_the_defect_and_says_what_the_catalogue_says(sample: Sample) -> None:
    """Line, gravity, CWE and what goes wrong: everything a person needs."""
    report = examine(sample.analyser(), {sample.path: sample.bad}, agent=sample.agent)

    (finding,) = [finding for finding in report.findings if finding.native_rule == sample.native]
    rule = rules()[finding.rule_id]
    assert (finding.path, finding.line) == (sample.path, sample.bad.count("\n"))
    assert (finding.title, finding.cwe, finding.failure_scenario) == (rule.title, rule.cwe, rule.failure_scenario)
    assert finding.severity <= rule.severity
    assert finding.confidence <= rule.confidence
    assert finding.message


def test_the_report_says_which_tool_and_version_looked(sample: Sample) -> None:
    """It ends up in every finding's provenance."""
    report = examine(sample.analyser(), {sample.path: sample.bad}, agent=sample.agent)

    assert report.analyser == sample.analyser.name
    assert report.version[:1].isdigit()


def test_a_clean_file_is_examined_and_has_no_findings(sample: Sample) -> None:
    """Nothing found is a statement: the file is in the list of those examined."""
    report = examine(sample.analyser(), {sample.path: sample.good}, agent=sample.agent)

    assert sample.native not in natives(report)
    assert report.examined == {sample.path}
    assert report.problems == ()


def test_an_empty_file_is_examined(sample: Sample) -> None:
    """Empty files are ordinary: __init__.py. A workflow must have something in it."""
    report = examine(sample.analyser(), {sample.path: ""}, agent=sample.agent)

    assert report.findings == ()
    assert report.examined == (set() if sample.analyser is Zizmor else {sample.path})


def _not_parsed(sample: Sample) -> str:
    """bandit's grammar is the running interpreter's: what it cannot parse may only be newer."""
    return "unsupported" if sample.analyser is Bandit else "syntax error"


def test_a_file_it_cannot_parse_is_a_problem_of_that_file_alone(sample: Sample) -> None:
    """The others of the batch are examined all the same."""
    files = {sample.path: sample.broken, sample.second: sample.bad}

    report = examine(sample.analyser(), files, agent=sample.agent)

    (problem,) = report.problems
    assert (problem.path, problem.reason) == (sample.path, _not_parsed(sample))
    assert report.examined == {sample.second}
    assert sample.native in [finding.native_rule for finding in report.findings if finding.path == sample.second]


def test_a_broken_file_alone_in_its_batch_is_still_named(sample: Sample) -> None:
    """The tool did run; it is the file."""
    report = examine(sample.analyser(), {sample.path: sample.broken}, agent=sample.agent)

    assert [(problem.path, problem.reason) for problem in report.problems] == [(sample.path, _not_parsed(sample))]
    assert report.examined == frozenset()


def test_a_comment_for_the_tool_excuses_the_line(sample: Sample) -> None:
    """Projects that use the tool already have them."""
    report = examine(sample.analyser(), {sample.path: sample.excused}, agent=sample.agent)

    assert sample.native not in natives(report)
    assert report.examined == {sample.path}


def test_configuration_in_the_code_under_review_changes_nothing(sample: Sample) -> None:
    """Who writes the code must not switch off its review."""
    report = examine(sample.analyser(), {sample.path: sample.bad}, beside=sample.hostile, agent=sample.agent)

    assert sample.native in natives(report)
    assert report.examined == {sample.path}
    assert report.problems == ()


def test_only_the_files_asked_about_are_reported_on(sample: Sample) -> None:
    """Context files are there to be read."""
    report = examine(
        sample.analyser(), {sample.path: sample.good}, beside={sample.second: sample.bad}, agent=sample.agent
    )

    assert {finding.path for finding in report.findings} <= {sample.path}
    assert report.examined == {sample.path}


def test_findings_carry_rules_of_the_asking_agent_only(sample: Sample) -> None:
    """Two agents ask the same tool for different things."""
    report = examine(sample.analyser(), {sample.path: sample.bad}, agent=sample.agent)

    assert {rules()[finding.rule_id].agent for finding in report.findings} == {sample.agent}


def test_line_endings_of_windows_do_not_move_findings(sample: Sample) -> None:
    """Lines end at the line feed, and only there."""
    text = sample.bad.replace("\n", "\r\n")

    report = examine(sample.analyser(), {sample.path: text}, agent=sample.agent)

    assert [f.line for f in report.findings if f.native_rule == sample.native] == [text.count("\n")]


def test_paths_may_be_strange(sample: Sample) -> None:
    """Spaces, quotes, dashes, letters of any script, and names that look like options or excluded places."""
    name = sample.path.rpartition("/")[2]
    if sample.analyser is Zizmor:
        paths = [f"{start}/{sample.path}" for start in ("with space", "-dash", "ünï", "node_modules", ".git", "CVS")]
    else:
        paths = [f"{start}/{name}" for start in ("with space", "--dash", "ünï 'x'", "node_modules", ".git", "CVS.egg")]

    report = examine(sample.analyser(), dict.fromkeys(paths, sample.bad), agent=sample.agent)

    assert report.examined == set(paths)
    assert {finding.path for finding in report.findings if finding.native_rule == sample.native} == set(paths)


def test_text_that_is_not_valid_unicode_is_never_silently_skipped(sample: Sample) -> None:
    """A lone surrogate, as JSON can carry it: the file is examined, and its defect found, or it is a problem."""
    files = {sample.path: sample.bad + "# \ud800\n", sample.second: sample.bad}

    report = examine(sample.analyser(), files, agent=sample.agent)

    assert {f.path for f in report.findings if f.native_rule == sample.native} == report.examined
    assert report.examined | {problem.path for problem in report.problems} == set(files)
    assert sample.second in report.examined


def test_a_missing_tool_is_a_problem_of_the_batch(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty list of findings would look like a clean review."""

    def missing() -> list[str]:
        raise ToolUnavailable(f"{sample.analyser.name} is not installed")

    analyser = sample.analyser()
    monkeypatch.setattr(analyser, "program", missing)

    report = examine(analyser, {sample.path: sample.bad}, agent=sample.agent)

    assert [(problem.path, problem.reason) for problem in report.problems] == [(None, "error")]
    assert "not installed" in report.problems[0].message
    assert report.examined == frozenset()


def test_a_tool_that_hangs_is_stopped_and_said(sample: Sample, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The unit goes on with the next analyser, and nothing is left running."""
    pids = tmp_path / "pids"
    tool = fake_tool(tmp_path, [f"open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n')", "time.sleep(600)"])
    analyser = _misbehaving(sample, monkeypatch, tool, Bounds(wall_s=0.6))
    started = time.monotonic()

    report = examine(analyser, {sample.path: sample.bad}, agent=sample.agent)

    assert time.monotonic() - started < 60
    assert [(problem.path, problem.reason) for problem in report.problems] == [(None, "timeout")]
    assert report.examined == frozenset()
    assert not [pid for pid in map(int, pids.read_text().split()) if psutil.pid_exists(pid)]


@pytest.mark.parametrize(
    "output",
    ["", "not json", "{}", "[{}]", '{"results": []}', "null", '[{"code": "X", "file": "/etc/passwd"}]', "[[[[[["],
)
def test_output_that_is_not_the_tools_is_a_problem(
    sample: Sample, output: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A new release of a tool may print something else; then the review says that it did not look."""
    tool = fake_tool(tmp_path, f"sys.stdout.write({output!r})")
    analyser = _misbehaving(sample, monkeypatch, tool, Bounds(wall_s=10))

    report = examine(analyser, {sample.path: sample.bad}, agent=sample.agent)

    assert report.problems != ()
    assert report.examined == frozenset()
    assert report.findings == ()


def test_a_tool_that_prints_without_end_is_stopped_and_said(
    sample: Sample, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Hostile code may multiply findings."""
    tool = fake_tool(tmp_path, "while True: print('[' * 10000)")
    analyser = _misbehaving(sample, monkeypatch, tool, Bounds(output_bytes=50_000, wall_s=10))

    report = examine(analyser, {sample.path: sample.bad}, agent=sample.agent)

    assert "printed more than" in report.problems[0].message
    assert report.examined == frozenset()


def test_an_error_message_shows_no_place_of_this_machine(
    sample: Sample, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is shown to whoever submitted the code."""
    tool = fake_tool(tmp_path, ["print('cannot read', args[-1], file=sys.stderr)", "sys.exit(77)"])
    analyser = _misbehaving(sample, monkeypatch, tool, Bounds())

    (problem,) = examine(analyser, {sample.path: sample.bad}, agent=sample.agent).problems

    assert problem.message == f"{sample.analyser.name} failed (exit code 77): cannot read {sample.path}"
