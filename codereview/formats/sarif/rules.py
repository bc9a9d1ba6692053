"""The rules of the log: each described by its catalogue where one is at hand, else by its findings."""

import re
from collections.abc import Mapping, Sequence

from codereview.domain.findings import Confidence, Finding, Severity
from codereview.domain.rules import Rule
from codereview.formats.safe import markdown_text, shortened, visible, web_link
from codereview.formats.sarif.parts import LEVELS, Json, text
from codereview.formats.sarif.taxonomy import Taxonomy

#: Within the bands of code scanning: over 9 critical, from 7 high, from 4 medium, over 0 low.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}
_PROBLEMS = {"error": "error", "warning": "warning", "note": "recommendation"}
#: What code scanning shows of a name and of a description.
_NAME, _DESCRIPTION = 255, 1024


class Rules:
    """The rules that the findings break, sorted by id, so that equal reviews give equal logs."""

    def __init__(self, findings: Sequence[Finding], known: Mapping[str, Rule], taxonomy: Taxonomy) -> None:
        self._known, self._taxonomy = known, taxonomy
        self._broken: dict[str, list[Finding]] = {}
        for finding in sorted(findings, key=lambda f: (f.rule_id, f.sort_key)):
            self._broken.setdefault(finding.rule_id, []).append(finding)
        self._index = {rule_id: place for place, rule_id in enumerate(self._broken)}

    def index(self, rule_id: str) -> int:
        """Where the rule stands in the list."""
        return self._index[rule_id]

    def descriptors(self) -> list[Json]:
        """The rules as SARIF describes them."""
        return [self._descriptor(rule_id, findings) for rule_id, findings in self._broken.items()]

    def _descriptor(self, rule_id: str, findings: Sequence[Finding]) -> Json:
        first, rule = findings[0], self._known.get(rule_id)
        title = rule.title if rule else first.title
        description = (rule.description if rule else "") or title or rule_id
        level = LEVELS[max(finding.severity for finding in findings)]
        link = web_link(rule.help_uri if rule else first.help_uri)
        cwes = sorted({finding.cwe for finding in findings if finding.cwe is not None})
        return {
            "id": rule_id,
            "name": _identifier(title) or _identifier(rule_id) or "Rule",
            "shortDescription": text(shortened(title or rule_id, _DESCRIPTION)),
            "fullDescription": text(shortened(description, _DESCRIPTION)),
            "help": _help(rule, first, link),
            **({"helpUri": link} if link else {}),
            "defaultConfiguration": {"level": level},
            "relationships": [{"target": self._taxonomy.taxon(cwe), "kinds": ["superset"]} for cwe in cwes],
            "properties": _properties(findings, cwes, level),
        }


def _properties(findings: Sequence[Finding], cwes: Sequence[int], level: str) -> Json:
    security = any(finding.agent == "security" for finding in findings)
    severity = max(finding.severity for finding in findings)
    precision: Confidence = max(finding.confidence for finding in findings)
    tags = ["security" if security else "correctness"]
    tags += [tag for cwe in cwes for tag in (f"CWE-{cwe}", f"external/cwe/cwe-{cwe}")]
    # With a security severity code scanning calls the rule a vulnerability: bugs have their own scale.
    scale = {"security-severity": _SCORES[severity]} if security else {"problem.severity": _PROBLEMS[level]}
    return {"tags": tags, "precision": precision, **scale}


def _help(rule: Rule | None, first: Finding, link: str) -> Json:
    parts = {
        "": (rule.description if rule else "") or first.title or first.rule_id,
        "What goes wrong": rule.failure_scenario if rule else first.failure_scenario,
        "Fix": rule.fix if rule else "",
    }
    given = {heading: said for heading, said in parts.items() if said}
    plain = [f"{heading}: {said}" if heading else said for heading, said in given.items()]
    marked = [
        f"**{heading}:** {markdown_text(said)}" if heading else markdown_text(said) for heading, said in given.items()
    ]
    if link:
        plain.append(link)
        marked.append(f"[About this rule]({link})")
    return {**text("\n\n".join(plain)), "markdown": "\n\n".join(marked)}


def _identifier(title: str) -> str:
    """The title as one word in Pascal case: "SQL injection" is SqlInjection."""
    words = re.findall(r"[A-Za-z0-9]+", visible(title))
    return "".join(word[:1].upper() + word[1:].lower() for word in words)[:_NAME]
