"""What a project asks for, applied to a finding: disabled rules, severity floors, suppressions."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING

from codereview.domain.findings import Finding, FindingStatus, Severity
from codereview.domain.reviews import ReviewOptions, Suppression
from codereview.planning.globs import Globs

if TYPE_CHECKING:
    from codereview.application.anchoring import AnchoredFile


class Policy:
    """The options of a review, ready to be asked. ``today`` is the day by which suppressions expire, in UTC."""

    def __init__(self, options: ReviewOptions, today: date | None = None) -> None:
        self._options = options
        self._today = today or datetime.now(UTC).date()
        self._baseline = frozenset(options.baseline)
        #: Suppressions met, in words, and whether they suppressed anything.
        self.met: dict[str, bool] = {describe(each): False for each in options.suppressions}

    def disables(self, rule_id: str, path: str) -> bool:
        """Whether the rule is switched off, everywhere or for this path."""
        disabled = [*self._options.disabled_rules]
        for rule in self._options.path_rules:
            if rule.disable and matches(rule.glob, path):
                disabled += rule.disable
        return any(names(each, rule_id) for each in disabled)

    def floor(self, path: str) -> Severity:
        """The least severity shown for the path."""
        floors = [
            rule.severity_floor
            for rule in self._options.path_rules
            if rule.severity_floor is not None and matches(rule.glob, path)
        ]
        return max([self._options.min_severity, *floors])

    def meet(self, file: "AnchoredFile") -> None:
        """Take note of the suppression comments in a file."""
        for comment in file.suppressions:
            place = f"the comment at {file.file.path}:{comment.line}"
            self.met.setdefault(f"{place} ({comment.problem})" if comment.problem else place, False)

    def apply(self, finding: Finding, where: "AnchoredFile") -> Finding:
        """The finding, suppressed where a comment, the configuration or the baseline says so."""
        if finding.start_line is not None:
            for comment in where.suppressions:
                if comment.covers(finding.rule_id, finding.start_line):
                    self.met[f"the comment at {finding.path}:{comment.line}"] = True
                    return _suppressed(finding, comment.reason)
        for suppression in self._options.suppressions:
            if self._covers(suppression, finding):
                self.met[describe(suppression)] = True
                return _suppressed(finding, suppression.reason)
        if finding.fingerprint in self._baseline:
            return _suppressed(finding, "accepted in the baseline")
        return finding

    def _covers(self, suppression: Suppression, finding: Finding) -> bool:
        return (
            (suppression.expires is None or self._today <= suppression.expires)
            and (not suppression.fingerprint or suppression.fingerprint == finding.fingerprint)
            and (not suppression.rule or names(suppression.rule, finding.rule_id))
            and (not suppression.path or matches(suppression.path, finding.path))
        )


def names(given: str, rule_id: str) -> bool:
    """Whether ``given`` is the rule's full id, its analyser's own name for it, or the analyser."""
    analyser, _, native = rule_id.partition("/")
    return given in (rule_id, native, analyser)


def matches(glob: str, path: str) -> bool:
    """Whether a .gitignore-style pattern matches the path."""
    return _compiled(glob).match(path)


def describe(suppression: Suppression) -> str:
    """A suppression of the configuration, in words."""
    parts = [f"{name} {value}" for name, value in _named(suppression) if value]
    return f"the suppression of {', '.join(parts)}"


def unused(met: Iterable[dict[str, bool]]) -> list[str]:
    """The suppressions nobody needed, over every agent and batch that met them."""
    merged: dict[str, bool] = {}
    for each in met:
        for name, used in each.items():
            merged[name] = merged.get(name, False) or used
    return sorted(name for name, used in merged.items() if not used)


@cache
def _compiled(glob: str) -> Globs:
    return Globs([glob])


def _named(suppression: Suppression) -> tuple[tuple[str, str], ...]:
    return (
        ("rule", suppression.rule),
        ("path", suppression.path),
        ("fingerprint", suppression.fingerprint),
    )


def _suppressed(finding: Finding, reason: str) -> Finding:
    return finding.model_copy(update={"status": FindingStatus.SUPPRESSED, "suppression_reason": reason})
