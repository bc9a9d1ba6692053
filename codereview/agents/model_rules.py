"""The kinds of findings a model reports, as rules: for reports, suppressions and `codereview rules`. What a finding
says itself is worded by the model; severity and CWE are of each finding."""

from codereview.domain.findings import MODEL_SOURCE, Confidence, Severity
from codereview.domain.rules import Rule

_SECURITY = {
    "injection": ("Untrusted data interpreted as code or a query", 74),
    "access": ("Missing or bypassable authentication or authorisation", 284),
    "secrets": ("Secret in code, logs or messages", 522),
    "cryptography": ("Cryptography that does not protect", 310),
    "deserialization": ("Untrusted data turned into objects", 502),
    "files": ("Files reached that should not be", 73),
    "requests": ("Requests to places an outsider chooses", 918),
    "configuration": ("Configuration that opens what should be closed", 16),
    "exposure": ("Data or resources exposed", 200),
}
_BUG = {
    "logic": "Code that does not do what it is for",
    "boundary": "Failure at a boundary: empty, first, last, too many",
    "error-handling": "Failure that is hidden or handled wrongly",
    "resources": "Resource that is not released",
    "concurrency": "Race, deadlock or lost update",
    "contract": "Caller and callee that do not agree",
    "changed-behaviour": "Change that breaks what worked",
}
_HOW = (
    "Found by a language model under one of its lenses, anchored by a quotation that stands in the code, and judged by "
    "independent verifiers; the finding names their votes."
)


def _rule(native: str, agent: str, title: str, cwe: int | None, description: str = _HOW) -> Rule:
    return Rule(
        id=f"{MODEL_SOURCE}/{native}",
        analyser=MODEL_SOURCE,
        native=native,
        agent=agent,
        title=title,
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        cwe=cwe,
        family=native,
        description=description,
    )


_ADDRESSED = _rule(
    "addressed-to-reviewer",
    "security",
    "Text that addresses an automated reviewer",
    1427,
    "Text in the code gives orders or verdicts to a reviewer or an AI. It has no influence on the review.",
)

#: By id.
MODEL_RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        *(_rule(native, "security", title, cwe) for native, (title, cwe) in _SECURITY.items()),
        *(_rule(native, "bug", title, None) for native, title in _BUG.items()),
        _ADDRESSED,
        _ADDRESSED.model_copy(
            update={"id": "codereview/addressed-to-reviewer", "analyser": "codereview"},
        ),
    )
}
