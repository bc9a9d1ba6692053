"""The rules of the log: each described by its catalogue where one is at hand, else by its findings."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from codereview.domain.findings import Confidence, Finding, Severity
from codereview.domain.rules import Rule
from codereview.formats.safe import markdown_text, shortened, web_link
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
_PROBLEMS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "recommendation",
    Severity.INFO: "recommendation",
}
#: What code scanning shows of a name and of a description.
_NAME, _DESCRIPTION = 255, 1024
#: Left out of names: a word of one letter makes no Pascal case.
_ARTICLES = frozenset({"a", "an", "the"})


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
        title = (rule.title if rule else first.title) or rule_id
        # What the catalogue says is the same in every run; what findings say is the best guess without it.
        severity = rule.severity if rule else max(finding.severity for finding in findings)
        precision = rule.confidence if rule else max(finding.confidence for finding in findings)
        link = web_link(rule.help_uri if rule else first.help_uri)
        cwes = sorted({finding.cwe for finding in findings if finding.cwe is not None})
        made: Json = {
            "id": rule_id,
            "name": _identifier(title) or "Rule",
            "shortDescription": text(shortened(title, _DESCRIPTION)),
            "fullDescription": text(shortened((rule.description if rule else "") or title, _DESCRIPTION)),
            "help": _help(rule, first, link),
            "defaultConfiguration": {"level": LEVELS[severity]},
            "properties": _properties(findings[0].agent, cwes, severity, precision),
        }
        if link:
            made["helpUri"] = link
        if cwes:
            made["relationships"] = [{"target": self._taxonomy.taxon(cwe), "kinds": ["superset"]} for cwe in cwes]
        return made


def _properties(agent: str, cwes: Sequence[int], severity: Severity, precision: Confidence) -> Json:
    security = agent == "security"
    tags = ["security" if security else "correctness"]
    tags += [tag for cwe in cwes for tag in (f"CWE-{cwe}", f"external/cwe/cwe-{cwe}")]
    # With a security severity code scanning calls the rule a vulnerability: bugs have their own scale.
    scale = {"security-severity": _SCORES[severity]} if security else {"problem.severity": _PROBLEMS[severity]}
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
    words = re.findall(r"[A-Za-z0-9]+", unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode())
    return "".join(word[:1].upper() + word[1:].lower() for word in words if word.lower() not in _ARTICLES)[:_NAME]
