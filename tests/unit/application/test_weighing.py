"""Where a finding stands decides how much it weighs."""

import pytest
from support.builders import a_finding

from codereview.application.weighing import weighed
from codereview.domain.findings import Severity
from codereview.domain.places import is_for_show, is_test


@pytest.mark.parametrize(
    "path",
    ["tests/test_app.py", "src/app/test_views.py", "t/unit/x.py", "conftest.py", "web/cart.spec.ts", "pkg/x_test.go"],
)
def test_tests_are_known_by_their_paths(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["src/latest.py", "contest/app.py", "app/attestation.py", "shop/testimonials.py"])
def test_a_word_that_contains_test_is_no_test(path: str) -> None:
    assert not is_for_show(path)


def test_a_security_finding_in_a_test_or_an_example_is_low() -> None:
    for path, severity in (("tests/a.py", Severity.LOW), ("examples/a.py", Severity.LOW), ("src/a.py", Severity.HIGH)):
        assert weighed(a_finding(path=path, severity=Severity.HIGH)).severity is severity


def test_a_bug_that_makes_a_test_check_nothing_keeps_its_weight() -> None:
    found = a_finding(agent="bug", rule_id="bugs/assert-always-true", path="tests/a.py", severity=Severity.MEDIUM)
    assert weighed(found) == found
    harmless = found.model_copy(update={"rule_id": "ruff/B006"})
    assert weighed(harmless).severity is Severity.LOW


def test_a_name_imported_twice_harms_nobody() -> None:
    twice = a_finding(agent="bug", rule_id="ruff/F811", snippet="    from typing import Any", severity=Severity.MEDIUM)
    assert weighed(twice).severity is Severity.LOW
    hidden = twice.model_copy(update={"snippet": "def test_a(): ..."})
    assert weighed(hidden).severity is Severity.MEDIUM
