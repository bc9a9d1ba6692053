"""The catalogues: every rule says what a person needs, and exists in the installed tool."""

import json
import re
import subprocess
from collections.abc import Callable

import pytest
from support.analysing import examine, natives

from codereview.analysers import catalogue
from codereview.analysers.hadolint import Hadolint
from codereview.analysers.process import find_tool
from codereview.analysers.ruff import SYNTAX
from codereview.analysers.shellcheck import Shellcheck
from codereview.analysers.zizmor import Zizmor
from codereview.domain.reviews import AGENTS
from codereview.domain.rules import Rule
from codereview.ports import Analyser

TOOLS = ("ruff", "bandit", "oxlint", "shellcheck", "hadolint", "zizmor")
RULES = [rule for tool in TOOLS for rule in catalogue.load(tool).rules.values()]
_BY_EXAMPLE = {"shellcheck": Shellcheck, "hadolint": Hadolint, "zizmor": Zizmor}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_finds_what_goes_wrong_and_what_to_do(rule: Rule) -> None:
    """One sentence or two each; a person decides by them whether the finding is theirs."""
    assert rule.agent in AGENTS
    assert rule.title
    assert not rule.title.endswith(".")
    for text in (rule.description, rule.failure_scenario, rule.fix):
        assert text.endswith(".")
        assert len(text) < 250
    assert rule.help_uri.startswith("https://")
    assert "{" not in rule.help_uri


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.agent == "security"], ids=lambda rule: rule.id)
def test_a_security_rule_has_a_cwe(rule: Rule) -> None:
    """By its family the same defect is recognised when another tool reports it."""
    assert rule.cwe is not None


def test_ids_are_those_of_the_tools() -> None:
    """Suppressions and baselines refer to them."""
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.id == f"{rule.analyser}/{rule.native}" for rule in RULES)


def test_a_rule_like_another_speaks_with_its_words() -> None:
    """ruff and bandit report the same calls; the two findings become one, and read the same."""
    of_ruff, of_bandit = catalogue.load("ruff").rules["S602"], catalogue.load("bandit").rules["B602"]

    assert (of_ruff.title, of_ruff.cwe, of_ruff.severity) == (of_bandit.title, of_bandit.cwe, of_bandit.severity)
    assert of_ruff.id == "ruff/S602"
    assert of_ruff.help_uri.endswith("/subprocess-popen-with-shell-equals-true/")


def _printed(*argv: str) -> str:
    return subprocess.run([find_tool(argv[0]), *argv[1:]], capture_output=True, text=True, check=True).stdout


def _of_ruff() -> dict[str, str]:
    rules = json.loads(_printed("ruff", "rule", "--all", "--output-format", "json"))
    return {rule["code"]: rule["name"] for rule in rules if "Removed" not in rule["status"]}


def _of_bandit() -> dict[str, str]:
    return dict.fromkeys(re.findall(r"^\s+(B\d{3})\s", _printed("bandit", "--help"), re.MULTILINE), "")


def _of_oxlint() -> dict[str, str]:
    return {
        rule["value"] if rule["scope"] == "eslint" else f"{rule['scope']}/{rule['value']}": rule["docs_url"]
        for rule in json.loads(_printed("oxlint", "--rules", "-f", "json"))
        if not rule["type_aware"]
    }


@pytest.mark.parametrize(
    ("tool", "installed"),
    [("ruff", _of_ruff), ("bandit", _of_bandit), ("oxlint", _of_oxlint)],
)
def test_every_rule_exists_in_the_installed_tool(tool: str, installed: Callable[[], dict[str, str]]) -> None:
    """A name that is misspelt, or gone in a new release, would find nothing without a word."""
    assert set(catalogue.load(tool).rules) - {SYNTAX} - set(installed()) == set()


def test_the_help_of_a_rule_of_ruff_is_under_its_name_there() -> None:
    """Its documentation goes by names, not by codes."""
    names = _of_ruff()
    slugs = catalogue.load("ruff").slugs

    assert {code: slug for code, slug in slugs.items() if code != SYNTAX} == {
        code: names[code] for code in slugs if code != SYNTAX
    }


def test_the_help_of_a_rule_of_oxlint_is_where_oxlint_says() -> None:
    """The address has the plugin in it."""
    addresses = _of_oxlint()

    assert {native: rule.help_uri for native, rule in catalogue.load("oxlint").rules.items()} == {
        native: addresses[native] for native in catalogue.load("oxlint").rules
    }


@pytest.mark.parametrize("tool", _BY_EXAMPLE)
def test_every_rule_of_a_tool_that_lists_none_finds_its_example(tool: str) -> None:
    """For these tools the example beside the rule is the proof that the rule exists."""
    rules = catalogue.load(tool).rules
    analyser: Analyser = _BY_EXAMPLE[tool]()
    # Each example in a directory of its own, as its file name may matter.
    files = {f"{native}/{example.filename}": example.code for native, rule in rules.items() for example in rule.invalid}

    found = {
        (finding.path.partition("/")[0], finding.native_rule)
        for agent in AGENTS
        for finding in examine(analyser, files, agent=agent).findings
    }

    assert {native for native in rules if (native, native) not in found} == set()


@pytest.mark.parametrize("tool", TOOLS)
def test_a_rule_is_shown_from_both_sides(tool: str) -> None:
    """What it reports and where, and what looks like it and is right."""
    for rule in catalogue.load(tool).rules.values():
        assert len(rule.invalid) >= 2, rule.id
        assert len(rule.valid) >= 2, rule.id
        assert all(example.lines for example in rule.invalid), rule.id


def test_shell_in_a_dockerfile_is_checked_with_shellchecks_rules() -> None:
    """hadolint runs shellcheck over RUN lines; the rules are the same."""
    dockerfile = 'FROM debian:12\nARG dir\nRUN rm -rf "$dir/"*\nRUN rm $(cat x)\nRUN rm $y\n'

    assert natives(examine(Hadolint(), {"Dockerfile": dockerfile}, agent="bug")) == ["SC2115", "SC2046", "SC2086"]
