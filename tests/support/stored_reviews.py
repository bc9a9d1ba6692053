"""Reviews to store: with everything set, of any size, and whatever hypothesis can think of."""

from datetime import date

from hypothesis import strategies as st

from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason
from codereview.domain.findings import (
    CheckResult,
    Confidence,
    Edit,
    Finding,
    FindingStatus,
    Fix,
    FixChecks,
    Provenance,
    Severity,
    TraceStep,
)
from codereview.domain.model import Model
from codereview.domain.reviews import (
    AgentSummary,
    FilterMode,
    Outcome,
    PathRule,
    Review,
    ReviewOptions,
    ReviewStatus,
    Suppression,
    Verdict,
)
from codereview.domain.sources import SourceSummary
from codereview.domain.usage import Metrics, Usage

CREATED = 1_790_000_000_000


def a_review(review_id: str = "rv_1", **fields: object) -> Review:
    """A pending review of alice's."""
    return Review(**{"id": review_id, "owner": "alice", "created_at": CREATED, **fields})


def ended(review_id: str = "rv_1", **fields: object) -> Review:
    """A completed review of alice's."""
    given = {"status": ReviewStatus.COMPLETED, "outcome": Outcome.COMPLETE, "completed_at": CREATED + 45_000, **fields}
    return a_review(review_id, **given)


def a_finding(number: int = 1) -> Finding:
    """A finding with every field set, some in other scripts than Latin; about 1.3 kB on the wire."""
    return Finding(
        id=f"fi_{number}",
        fingerprint=f"{number:064x}",
        agent="security",
        rule_id="bandit/B602",
        title="Shell injection – «обход» 注入 🐚",
        message="The command is built from the request\nand run by a shell.\t\x00\x7f",
        failure_scenario="GET /?q=;id runs id",
        severity=Severity.CRITICAL,
        confidence=Confidence.LOW,
        cwe=78,
        path=f"src/päckage/module_{number}.py",
        start_line=number,
        end_line=number + 2,
        start_column=5,
        end_column=40,
        symbol="Handler.run",
        snippet='subprocess.run(f"ls {name}", shell=True)  # 😀 \u202e\r\n',
        trace=(TraceStep(path="src/a.py", line=3, message="taken from the request", snippet="name = q['name']"),),
        provenance=(
            Provenance(source="bandit", rule="B602", version="1.9.4"),
            Provenance(source="claude", verdict="confirmed", evidence="reaches the shell unquoted"),
        ),
        status=FindingStatus.SUPPRESSED,
        suppression_reason="a test's own input",
        in_diff=False,
        help_uri="https://example.com/B602",
        fix=Fix(
            description="Pass a list",
            edits=(
                Edit(
                    path="src/päckage/module.py",
                    start_line=number,
                    end_line=number,
                    replacement='subprocess.run(["ls", name])\n',
                    original_sha256="ab" * 32,
                ),
            ),
            checks=FixChecks(
                applies=CheckResult.PASSED,
                parses=CheckResult.PASSED,
                clears_finding=CheckResult.FAILED,
                adds_none=CheckResult.PASSED,
            ),
        ),
    )


def everything(review_id: str = "rv_1", *, findings: int = 3) -> Review:
    """A completed review in which no field has its default value."""
    return Review(
        id=review_id,
        owner="Ólafur 中",
        status=ReviewStatus.COMPLETED,
        outcome=Outcome.PARTIAL,
        verdict=Verdict.INCOMPLETE,
        created_at=CREATED,
        started_at=CREATED + 1,
        completed_at=CREATED + 45_678,
        source=SourceSummary(
            label="diff main…HEAD", files=3, lines=1234, languages=("python", "go"), revision="deadbeef"
        ),
        options=ReviewOptions(
            agents=("security",),
            min_severity=Severity.LOW,
            fail_on=Severity.CRITICAL,
            filter_mode=FilterMode.NOFILTER,
            budget_usd=0.1 + 0.2,
            effort="thorough",
            labels={"team": "größe", "": "empty name"},
            disabled_rules=("ruff/E501",),
            path_rules=(PathRule(glob="old/", severity_floor=Severity.HIGH, disable=("bandit",)),),
            suppressions=(
                Suppression(
                    reason="größer", rule="ruff/S101", path="a/*.py", fingerprint="f" * 32, expires=date(2030, 1, 2)
                ),
            ),
            baseline=("f" * 64, "0" * 64),
            max_findings=5000,
        ),
        agents=(
            AgentSummary(
                agent="security",
                status="partial",
                units=4,
                units_done=3,
                finding_count=findings,
                engines=("bandit", "claude"),
                reasons=("one batch timed out",),
            ),
        ),
        findings=tuple(a_finding(number) for number in range(1, findings + 1)),
        findings_hidden=7,
        coverage=(
            CoverageEntry(
                path="src/a.py",
                agent="bug",
                state=CoverageState.PARTLY,
                reason=SkipReason.TIMEOUT,
                detail="after 120 s",
                engines=("ruff",),
            ),
        ),
        metrics=Metrics(
            duration_ms=45_678,
            queue_ms=12,
            files=3,
            lines=1234,
            finding_count=findings,
            units=4,
            units_failed=1,
            attempts=5,
            usage=Usage(
                requests=9,
                input_tokens=120_000,
                cache_read_tokens=80_000,
                cache_write_tokens=20_000,
                output_tokens=9_000,
                cost_usd=0.123456789012345,
            ),
        ),
        engine="static+claude",
        model_ran=True,
        notices=("1 file was not fully examined: src/a.py.",),
    )


def large(review_id: str = "rv_large", **fields: object) -> Review:
    """2,000 findings: some 2.6 MB of wire JSON, far over what an item of DynamoDB may have."""
    return everything(review_id, findings=2000).model_copy(update=fields)


_counts = st.integers(min_value=0, max_value=10**12)
_lines = st.integers(min_value=1, max_value=10**9)
_texts = st.text(max_size=40)
_names = st.lists(_texts, max_size=3).map(tuple)
_money = st.floats(min_value=0, max_value=1e9)


def _some(model: type[Model], **fields: st.SearchStrategy) -> st.SearchStrategy:
    # st.builds would give each field twice, by its name and by its alias.
    return st.fixed_dictionaries(fields).map(lambda given: model(**given))


@st.composite
def _findings(draw: st.DrawFn) -> Finding:
    line = draw(st.none() | _lines)
    return draw(
        _some(
            Finding,
            id=_texts,
            fingerprint=_texts,
            agent=_texts,
            rule_id=_texts,
            title=_texts,
            message=_texts,
            failure_scenario=_texts,
            severity=st.sampled_from(Severity),
            confidence=st.sampled_from(Confidence),
            cwe=st.none() | _lines,
            path=_texts,
            start_line=st.just(line),
            end_line=st.none() if line is None else st.integers(line, line + 50),
            start_column=st.none() | _lines,
            end_column=st.none() | _lines,
            symbol=_texts,
            snippet=_texts,
            trace=st.lists(_some(TraceStep, path=_texts, line=_lines, message=_texts), max_size=2).map(tuple),
            provenance=st.lists(_some(Provenance, source=_texts, rule=_texts), max_size=2).map(tuple),
            status=st.sampled_from(FindingStatus),
            in_diff=st.booleans(),
            fix=st.none() | _some(Fix, description=_texts, edits=st.just(()), checks=st.just(FixChecks())),
        )
    )


_usages = _some(Usage, requests=_counts, input_tokens=_counts, output_tokens=_counts, cost_usd=_money)
_metrics = _some(Metrics, duration_ms=_counts, files=_counts, finding_count=_counts, usage=_usages)
_options = _some(
    ReviewOptions,
    min_severity=st.sampled_from(Severity),
    budget_usd=st.none() | st.floats(min_value=0.01, allow_infinity=False),
    labels=st.dictionaries(_texts, _texts, max_size=3),
    disabled_rules=_names,
    baseline=_names,
)
_coverage = _some(
    CoverageEntry,
    path=_texts,
    agent=_texts,
    state=st.sampled_from(CoverageState),
    reason=st.none() | st.sampled_from(SkipReason),
    detail=_texts,
    engines=_names,
)


def reviews() -> st.SearchStrategy[Review]:
    """Any review that can be: its id and owner are any text, too."""
    return _some(
        Review,
        id=st.text(min_size=1, max_size=40),
        owner=_texts,
        status=st.sampled_from(ReviewStatus),
        outcome=st.none() | st.sampled_from(Outcome),
        verdict=st.none() | st.sampled_from(Verdict),
        # Never expired by the clock of the tests.
        created_at=st.integers(CREATED, CREATED + 10**9),
        started_at=st.none() | _counts,
        completed_at=st.none() | st.integers(CREATED, CREATED + 10**9),
        source=_some(SourceSummary, label=_texts, files=_counts, lines=_counts, languages=_names, revision=_texts),
        options=_options,
        agents=st.lists(_some(AgentSummary, agent=_texts, reasons=_names), max_size=2).map(tuple),
        findings=st.lists(_findings(), max_size=3).map(tuple),
        findings_hidden=_counts,
        coverage=st.lists(_coverage, max_size=3).map(tuple),
        metrics=_metrics,
        engine=_texts,
        model_ran=st.booleans(),
        notices=_names,
    )
