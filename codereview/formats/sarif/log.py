"""The SARIF log: one run, its tool, its invocation and its results."""

from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata

from codereview import __version__
from codereview.domain.findings import Finding, FindingStatus
from codereview.domain.reviews import Review
from codereview.formats import summary
from codereview.formats.as_json import dumps
from codereview.formats.base import Rendering
from codereview.formats.safe import web_link
from codereview.formats.sarif.notifications import descriptors, notifications
from codereview.formats.sarif.parts import ROOT, Json, text
from codereview.formats.sarif.results import result
from codereview.formats.sarif.rules import Rules
from codereview.formats.sarif.taxonomy import Taxonomy

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def write(review: Review, rendering: Rendering) -> str:
    """A SARIF log of one run. Suppressed findings are marked as such; refuted ones are counted, not listed."""
    return dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(review, rendering)]})


def _run(review: Review, rendering: Rendering) -> Json:
    findings = sorted((f for f in review.findings if _listed(f)), key=lambda f: f.sort_key)
    taxonomy = Taxonomy(findings)
    rules = Rules(findings, rendering.rules, taxonomy)
    return {
        "tool": {"driver": _driver(rules, taxonomy)},
        "invocations": [_invocation(review)],
        "originalUriBaseIds": {ROOT: {"description": text("The root of what was reviewed.")}},
        "columnKind": "unicodeCodePoints",
        "results": [result(finding, rules, taxonomy, review.options) for finding in findings],
        **({"taxonomies": [taxonomy.component()]} if taxonomy else {}),
        "properties": _properties(review),
    }


def _listed(finding: Finding) -> bool:
    return finding.counts or finding.status is FindingStatus.SUPPRESSED


def _driver(rules: Rules, taxonomy: Taxonomy) -> Json:
    homepage = web_link(_homepage())
    return {
        "name": "codereview",
        "version": __version__,
        "semanticVersion": __version__,
        **({"informationUri": homepage} if homepage else {}),
        "rules": rules.descriptors(),
        "notifications": descriptors(),
        **({"supportedTaxonomies": [taxonomy.reference()]} if taxonomy else {}),
    }


@cache
def _homepage() -> str:
    """The project's address as its package states it; "" when it states none."""
    try:
        about = metadata("codereview")
    except PackageNotFoundError:
        return ""
    labelled = about.get_all("Project-URL") or []
    links = [*(about.get_all("Home-page") or []), *(link.partition(", ")[2] for link in labelled)]
    return links[0] if links else ""


def _invocation(review: Review) -> Json:
    times = {"startTimeUtc": review.started_at or review.created_at, "endTimeUtc": review.completed_at}
    return {
        "executionSuccessful": summary.is_whole(review),
        **{name: _utc(at) for name, at in times.items() if at is not None},
        "toolExecutionNotifications": notifications(review),
    }


def _utc(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _properties(review: Review) -> Json:
    verdict = summary.answer(review)
    return {
        "reviewId": review.id,
        "status": review.status,
        "verdict": verdict,
        "summary": summary.headline(review),
        "engine": review.engine,
        "modelRan": review.model_ran,
        "refuted": sum(finding.status is FindingStatus.REFUTED for finding in review.findings),
        "findingsHidden": review.findings_hidden,
        "metrics": review.metrics.to_wire(),
    }
