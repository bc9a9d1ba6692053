"""Reviews to look at and to measure with: every state a page has to show."""

import hashlib
import time
from collections.abc import Sequence

from codereview.adapters.redis.sources import RedisSourceStore
from codereview.bootstrap import Service
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
from codereview.domain.gate import verdict
from codereview.domain.reviews import AgentSummary, Outcome, Review, ReviewOptions, ReviewStatus
from codereview.domain.sources import Batch, SourceFile, SourceSummary
from codereview.domain.units import UnitSpec
from codereview.domain.usage import Metrics, Usage

PATH = "shop/orders.py"
CODE = '''"""Orders of the shop."""

import sqlite3
import subprocess

from flask import Blueprint, request

orders = Blueprint("orders", __name__)
db = sqlite3.connect("shop.db")


def wanted():
    """The product the customer asks for."""
    return request.args["product"]


def condition(name):
    clause = f"name = '{name}'"
    return clause


@orders.get("/orders")
def search():
    name = wanted()
    where = condition(name)
    rows = db.execute("SELECT * FROM orders WHERE " + where).fetchall()
    return {"orders": rows}


def mean(prices, seen=[]):
    seen.append(prices)
    return sum(prices) / len(prices)


def export(path):
    subprocess.run("tar czf backup.tgz " + path, shell=True)
'''
_MANY_TITLES = ("SQL injection", "Resource is never closed", "Unused variable", "Broad exception", "Weak hash")


def finding(line: int, title: str, severity: Severity, **over: object) -> Finding:
    """A confirmed finding in the sample file."""
    fields: dict[str, object] = {
        "agent": "security",
        "rule_id": "dataflow/sql-injection",
        "message": "What the customer asks for becomes a part of the query, so it can change what the query does.",
        "confidence": Confidence.HIGH,
        "path": PATH,
        "start_line": line,
        "end_line": line,
        "snippet": CODE.split("\n")[line - 1] if line <= CODE.count("\n") else "",
        "provenance": (Provenance(source="bandit", rule="B608", version="1.9.4"),),
        **over,
    }
    name = hashlib.sha256(f"{fields['path']}:{line}:{title}".encode()).hexdigest()
    return Finding.model_validate(
        {"id": f"f_{name[:16]}", "fingerprint": name[:32], "title": title, "severity": severity, **fields}
    )


def telling() -> tuple[Finding, ...]:
    """Findings with everything a finding can have."""
    votes = tuple(
        Provenance(source="claude", verdict="confirmed", evidence="no caller cleans the name") for _ in range(3)
    )
    said = {14: "read from the request", 18: "put into the clause", 24: "passed on", 26: "reaches the database"}
    trace = tuple(TraceStep(path=PATH, line=line, message=message) for line, message in said.items())
    replacement = '    rows = db.execute("SELECT * FROM orders WHERE name = ?", (name,)).fetchall()\n'
    passed, failed = CheckResult.PASSED, CheckResult.FAILED
    proved = FixChecks(applies=passed, parses=passed, clears_finding=passed, adds_none=passed)
    doubtful = FixChecks(applies=passed, parses=passed, clears_finding=failed)
    return (
        finding(
            26,
            "SQL injection through the product name",
            Severity.CRITICAL,
            cwe=89,
            symbol="search",
            trace=trace,
            failure_scenario="GET /orders?product=' OR '1'='1 returns the orders of every customer.",
            provenance=(Provenance(source="bandit", rule="B608", version="1.9.4"), *votes),
            help_uri="https://cwe.mitre.org/data/definitions/89.html",
            fix=Fix(
                description="Pass the name as a parameter of the query.",
                edits=(Edit(path=PATH, start_line=26, end_line=26, replacement=replacement),),
                checks=proved,
            ),
        ),
        finding(
            36,
            "A shell runs what the caller names",
            Severity.HIGH,
            cwe=78,
            rule_id="bandit/B602",
            symbol="export",
            message="The path is joined to a command that a shell reads.",
            provenance=(Provenance(source="bandit", rule="B602", version="1.9.4"),),
            fix=Fix(description="Run tar without a shell, with the path as an argument.", checks=doubtful),
        ),
        finding(
            30,
            "The default list is shared by all calls",
            Severity.MEDIUM,
            agent="bug",
            rule_id="ruff/B006",
            message="A default value is made once. Every call without the argument appends to the same list.",
            provenance=(Provenance(source="ruff", rule="B006", version="0.17.6"),),
        ),
        finding(
            32,
            "The mean of no prices divides by zero",
            Severity.LOW,
            agent="bug",
            rule_id="claude/logic",
            message="An empty list of prices has the length 0.",
            confidence=Confidence.MEDIUM,
            status=FindingStatus.CANDIDATE,
            provenance=(Provenance(source="claude"),),
        ),
        finding(
            9,
            "The connection is shared between threads",
            Severity.INFO,
            agent="bug",
            rule_id="ruff/S001",
            status=FindingStatus.SUPPRESSED,
            suppression_reason="one thread only, see the deployment",
            confidence=Confidence.LOW,
        ),
    )


def many(number: int, lines: int = 5000) -> tuple[Finding, ...]:
    """A lot of findings, in files of ``lines`` lines."""
    severities = tuple(Severity)
    return tuple(
        finding(
            1 + index * 37 % lines,
            f"{_MANY_TITLES[index % len(_MANY_TITLES)]} in step {index}",
            severities[index % len(severities)],
            agent="security" if index % 2 else "bug",
            path=f"shop/module_{index % 12}.py",
            snippet=f"    value_{1 + index * 37 % lines} = compute(1)",
        )
        for index in range(number)
    )


def long_file(path: str, lines: int = 5000) -> SourceFile:
    """A file of that many lines."""
    text = "\n".join(f"    value_{number} = compute({number % 7})  # step {number}" for number in range(1, lines + 1))
    return SourceFile(path=path, text=text, language="python")


def review(review_id: str, findings: Sequence[Finding], *, label: str = "shop", **over: object) -> Review:
    """A completed review of the sample file; outcome and verdict follow from what is given."""
    now = int(time.time() * 1000)
    reviewed = {"state": CoverageState.REVIEWED, "engines": ("bandit",)}
    coverage = (
        *(CoverageEntry.model_validate({"path": PATH, "agent": agent, **reviewed}) for agent in ("security", "bug")),
        CoverageEntry(path="shop/static/vendor.js", state=CoverageState.SKIPPED, reason=SkipReason.VENDORED),
    )
    fields: dict[str, object] = {
        "status": ReviewStatus.COMPLETED,
        "outcome": Outcome.COMPLETE,
        "created_at": now - 9_000,
        "started_at": now - 8_800,
        "completed_at": now - 1_000,
        "source": SourceSummary(label=label, files=3, lines=412, languages=("python",), revision="4f2c9e1"),
        "agents": tuple(
            AgentSummary(agent=name, status="ok", units=2, units_done=2, engines=engines)
            for name, engines in (("security", ("bandit", "dataflow", "claude")), ("bug", ("ruff", "claude")))
        ),
        "coverage": coverage,
        "metrics": Metrics(
            duration_ms=8_000,
            files=3,
            lines=412,
            units=4,
            finding_count=sum(found.counts for found in findings),
            usage=Usage(requests=9, input_tokens=41_200, output_tokens=3_100, cost_usd=0.0731),
        ),
        "options": ReviewOptions(budget_usd=0.5),
        "engine": "static+claude",
        "model_ran": True,
        **over,
    }
    made = Review.model_validate({"id": review_id, "findings": tuple(findings), **fields})
    if not made.status.terminal:
        return made
    return made.model_copy(update={"verdict": verdict(made.status, made.outcome, made.findings, made.options.fail_on)})


def incomplete(review_id: str) -> Review:
    """A review one agent of which failed, with files nobody looked at."""
    lost = (
        CoverageEntry(
            path=PATH, agent="security", state=CoverageState.SKIPPED, reason=SkipReason.ERROR, detail="worker lost"
        ),
        CoverageEntry(
            path="shop/big.py", agent="bug", state=CoverageState.PARTLY, reason=SkipReason.TIMEOUT, detail="after 60 s"
        ),
    )
    agents = (
        AgentSummary(
            agent="security",
            status="failed",
            units=2,
            units_done=1,
            reasons=("The worker was lost three times while it worked on shop/orders.py.",),
        ),
        AgentSummary(agent="bug", status="partial", units=2, units_done=2, engines=("ruff",)),
    )
    return review(
        review_id,
        telling()[2:4],
        outcome=Outcome.PARTIAL,
        coverage=lost,
        agents=agents,
        notices=("2 files were not fully examined.",),
    )


def keep(service: Service, made: Review, *files: SourceFile) -> str:
    """Store a review, with its code where it is given; its id."""
    service.store.put(made)
    if files:
        units = [UnitSpec(id=f"{agent.agent}-b001", agent=agent.agent, batch_id="b001") for agent in made.agents]
        hold(service, made, units)
        RedisSourceStore(service.redis).put(made.id, [Batch(id="b001", files=files)])
    return made.id


def hold(service: Service, made: Review, units: Sequence[UnitSpec]) -> None:
    """Let a review be known as running, its units held so that no worker takes them."""
    service.ledger.create(made, units, deadline_ms=3_600_000)
    for unit in units:
        service.ledger.claim(made.id, unit.id, worker="nobody", lease_ms=3_600_000, max_attempts=1)


def sample_file() -> SourceFile:
    """The file the telling findings are about."""
    return SourceFile(path=PATH, text=CODE, language="python")
