"""Findings and reviews for tests: complete and ordinary, with whatever a test is about set by name."""

from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason
from codereview.domain.findings import (
    CheckResult,
    Confidence,
    Edit,
    Finding,
    Fix,
    FixChecks,
    Provenance,
    Severity,
    TraceStep,
)
from codereview.domain.gate import verdict
from codereview.domain.identity import fingerprint
from codereview.domain.reviews import AgentSummary, Outcome, Review, ReviewStatus
from codereview.domain.sources import SourceSummary
from codereview.domain.usage import Metrics, Usage

CREATED = 1_790_000_000_000
PROVED = FixChecks(
    applies=CheckResult.PASSED,
    parses=CheckResult.PASSED,
    clears_finding=CheckResult.PASSED,
    adds_none=CheckResult.PASSED,
)


def a_finding(**over: object) -> Finding:
    """A confirmed SQL injection in shop/views.py, line 42. Its fingerprint follows from what identifies it.

    Another start line takes the end line along; without one the finding is about the whole file.
    """
    if "start_line" in over:
        whole_file = {"start_column": None, "end_column": None, "snippet": "", "symbol": ""}
        over = {"end_line": over["start_line"], **(whole_file if over["start_line"] is None else {}), **over}
    fields: dict[str, object] = {
        "agent": "security",
        "rule_id": "dataflow/sql-injection",
        "title": "SQL injection",
        "message": "The query is built from request data and reaches the database as text.",
        "failure_scenario": "GET /items?name=' OR '1'='1 returns every row.",
        "severity": Severity.HIGH,
        "confidence": Confidence.HIGH,
        "cwe": 89,
        "path": "shop/views.py",
        "start_line": 42,
        "end_line": 42,
        "start_column": 12,
        "end_column": 65,
        "symbol": "search",
        "snippet": '    rows = db.execute("SELECT * FROM items WHERE name = \'" + name + "\'")',
        "provenance": (Provenance(source="dataflow", rule="sql-injection", version="0.1.0"),),
        "help_uri": "https://cwe.mitre.org/data/definitions/89.html",
        **over,
    }
    identity = fingerprint(
        path=str(fields["path"]),
        symbol=str(fields["symbol"]),
        snippet=str(fields["snippet"]),
        family=f"{fields['rule_id']}:{fields['start_line']}:{fields['title']}",
    )
    return Finding.model_validate({"id": f"f_{identity[:16]}", "fingerprint": identity, **fields})


def a_traced_finding(**over: object) -> Finding:
    """`a_finding` with the steps that its data takes."""
    trace = (
        TraceStep(
            path="shop/views.py", line=38, message="read from the request", snippet='    name = request.args["name"]'
        ),
        TraceStep(path="shop/views.py", line=42, message="reaches the database"),
    )
    return a_finding(**{"trace": trace, **over})


def a_fix(**over: object) -> Fix:
    """A proved fix of `a_finding`: one line replaced."""
    edit = Edit(
        path="shop/views.py",
        start_line=42,
        end_line=42,
        replacement='    rows = db.execute("SELECT * FROM items WHERE name = ?", (name,))\n',
    )
    return Fix.model_validate(
        {"description": "Pass the name as a parameter.", "edits": (edit,), "checks": PROVED, **over}
    )


def a_gap(path: str = "shop/big.py", **over: object) -> CoverageEntry:
    """A file that the bug agent did not examine."""
    fields: dict[str, object] = {
        "agent": "bug",
        "state": CoverageState.SKIPPED,
        "reason": SkipReason.TIMEOUT,
        "detail": "ruff took longer than 60 s",
    }
    return CoverageEntry.model_validate({"path": path, **fields, **over})


def covered(path: str = "shop/views.py", agent: str = "security") -> CoverageEntry:
    """A file that an agent examined."""
    return CoverageEntry(path=path, agent=agent, state=CoverageState.REVIEWED, engines=("bandit",))


def a_review(**over: object) -> Review:
    """A completed review of one file, with `a_finding` unless ``findings`` says otherwise.

    Outcome, verdict and figures follow from findings and coverage, as they do in a real review.
    """
    findings = tuple(over.get("findings", (a_finding(),)))  # type: ignore[arg-type]
    coverage = tuple(over.get("coverage", (covered(), covered(agent="bug"))))  # type: ignore[arg-type]
    status = ReviewStatus(str(over.get("status", ReviewStatus.COMPLETED)))
    whole = not any(entry.is_gap for entry in coverage)
    outcome = (Outcome.COMPLETE if whole else Outcome.PARTIAL) if status is ReviewStatus.COMPLETED else None
    agents = tuple(
        AgentSummary(agent=name, status="ok" if whole else "partial", units=1, units_done=1, engines=("bandit",))
        for name in ("security", "bug")
    )
    fields: dict[str, object] = {
        "id": "rv_test",
        "created_at": CREATED,
        "started_at": CREATED + 20,
        "completed_at": CREATED + 1_220 if status.terminal else None,
        "source": SourceSummary(label="shop", files=1, lines=120, languages=("python",)),
        "agents": agents,
        "outcome": outcome,
        "metrics": Metrics(
            duration_ms=1_200, files=1, lines=120, finding_count=sum(f.counts for f in findings), units=2
        ),
        **over,
        "status": status,
        "findings": findings,
        "coverage": coverage,
    }
    review = Review.model_validate(fields)
    if review.verdict is None and review.status.terminal:
        decided = verdict(review.status, review.outcome, review.findings, review.options.fail_on)
        return review.model_copy(update={"verdict": decided})
    return review


def with_model(review: Review) -> Review:
    """The review as if a model had taken part in it."""
    usage = Usage(requests=3, input_tokens=12_000, cache_read_tokens=8_000, output_tokens=900, cost_usd=0.0731)
    metrics = review.metrics.model_copy(update={"usage": usage})
    return review.model_copy(update={"engine": "static+claude", "model_ran": True, "metrics": metrics})
