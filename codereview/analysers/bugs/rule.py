"""How a rule is written: its description with examples, and the function that looks for it."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from codereview.domain.findings import Confidence, Severity
from codereview.domain.rules import Example, Rule

if TYPE_CHECKING:
    from codereview.analysers.bugs.context import Context

N = TypeVar("N", bound=ast.AST)

#: The analyser's name, in rule ids and provenance.
ANALYSER = "bugs"
HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW
SURE, LIKELY, UNSURE = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW


@dataclass(frozen=True, slots=True)
class Check:
    """A function that is shown every node of one kind."""

    kind: type[ast.AST]
    look: Callable[[Any, "Context"], None]


def on(kind: type[N], look: Callable[[N, "Context"], None]) -> Check:
    """Show every node of exactly this kind to the function."""
    return Check(kind, look)


def define(
    name: str,
    title: str,
    *,
    severity: Severity,
    confidence: Confidence,
    description: str,
    scenario: str,
    fix: str,
    valid: tuple[str, ...],
    invalid: tuple[str, ...],
    family: str = "",
    cwe: int | None = None,
) -> Rule:
    """A rule of this analyser. Every example is a whole file."""
    return Rule(
        id=f"{ANALYSER}/{name}",
        analyser=ANALYSER,
        native=name,
        agent="bug",
        title=title,
        severity=severity,
        confidence=confidence,
        cwe=cwe,
        family=family or name,
        description=description,
        failure_scenario=scenario,
        fix=fix,
        languages=("python",),
        valid=tuple(Example(code=code) for code in valid),
        invalid=tuple(Example(code=code) for code in invalid),
    )
