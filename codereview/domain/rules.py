"""A rule: what it looks for, how grave it is, and code that does and does not break it."""

from pydantic import Field

from codereview.domain.cwe import family_of
from codereview.domain.findings import Confidence, Severity
from codereview.domain.model import Model


class Example(Model):
    """A short piece of code beside a rule; the rule reference shows it and a test runs it.

    ``lines`` are the 1-based lines where an invalid example is reported; empty: anywhere in the file.
    """

    code: str
    filename: str = "example.py"
    lines: tuple[int, ...] = ()


class Rule(Model):
    """One rule of one analyser. The id is stable: suppressions, baselines and SARIF refer to it."""

    id: str = Field(pattern=r"^[a-z0-9-]+/[A-Za-z0-9_./()-]+$")  # "bandit/B602", "dataflow/sql-injection"
    analyser: str
    native: str  # the analyser's own name of the rule
    agent: str  # "security" or "bug"
    title: str
    severity: Severity
    confidence: Confidence = Confidence.MEDIUM
    cwe: int | None = None
    #: Rules of one family on one line report the same defect. "" stands for the CWE's family, else the rule's id.
    family: str = ""
    description: str = ""
    failure_scenario: str = ""
    fix: str = ""
    help_uri: str = ""
    languages: tuple[str, ...] = ()
    valid: tuple[Example, ...] = ()
    invalid: tuple[Example, ...] = ()

    @property
    def defect_family(self) -> str:
        """The family that enters the fingerprint."""
        return self.family or (family_of(self.cwe) if self.cwe else self.id)
