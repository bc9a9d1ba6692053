"""What stands in test code weighs less, where nobody attacks it and nothing depends on it."""

from codereview.domain.findings import Finding, Severity
from codereview.domain.places import is_for_show, is_test

#: Bugs that do no harm in a test: a mutable default is made anew by each run of the suite, a debugger is under test …
#: What makes a test check nothing (an assertion that cannot fail, a result nobody looks at) keeps its weight there.
_HARMLESS_IN_TESTS = frozenset(
    f"ruff/{native}" for native in ("B006", "B008", "B023", "T100", "TC004", "PIE794", "B020", "PLR0206")
)


def weighed(finding: Finding) -> Finding:
    """The finding as it weighs where it stands: a security finding in tests and examples, a bug that does no
    harm in a test, are low at most; so is a name that is only imported twice."""
    if finding.severity <= Severity.LOW:
        return finding
    unattacked = finding.agent == "security" and is_for_show(finding.path)
    harmless = finding.rule_id in _HARMLESS_IN_TESTS and is_test(finding.path)
    if unattacked or harmless or _imported_twice(finding):
        return finding.model_copy(update={"severity": Severity.LOW})
    return finding


def _imported_twice(finding: Finding) -> bool:
    return finding.rule_id == "ruff/F811" and finding.snippet.lstrip().startswith(("import ", "from "))
