"""What commands share in how they write: results on standard output, progress on standard error."""

import os
import sys
from typing import IO

import click

from codereview.domain.estimate import Estimate
from codereview.domain.events import Event, EventType, FindingEvent, ReviewEnded
from codereview.domain.findings import Finding, Severity
from codereview.domain.visible import visible
from codereview.formats.summary import plural

_MARK = {
    Severity.CRITICAL: "‼",
    Severity.HIGH: "▲",
    Severity.MEDIUM: "■",
    Severity.LOW: "●",
    Severity.INFO: "○",
}
_COLOUR = {
    Severity.CRITICAL: "bright_red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "white",
}


def wants_colour(stream: IO[str] | None = None) -> bool:
    """Whether to colour what goes to the stream: only a terminal, and never with NO_COLOR set."""
    out = stream or sys.stdout
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def finding_line(finding: Finding, *, colour: bool) -> str:
    """One finding on one line."""
    place = finding.path if finding.start_line is None else f"{finding.path}:{finding.start_line}"
    severity = f"{_MARK[finding.severity]} {finding.severity:<8}"
    cwe = f" CWE-{finding.cwe}" if finding.cwe else ""
    if colour:
        severity = click.style(severity, fg=_COLOUR[finding.severity], bold=finding.severity >= Severity.HIGH)
    return f"{severity}  {visible(place)}  {visible(finding.title)}  [{finding.agent} {finding.rule_id}{cwe}]"


def event_line(event: Event, *, colour: bool) -> str | None:
    """What a person reads of an event; None for the events that say nothing new."""
    match event.type:
        case EventType.REVIEW_QUEUED:
            units = event.data.get("units", 0)
            return f"queued: {units} units of work"
        case EventType.AGENT_STARTED:
            return f"{event.agent} agent started"
        case EventType.FINDING:
            finding = FindingEvent.model_validate(event.data).finding
            return finding_line(finding, colour=colour) if finding.counts else None
        case EventType.AGENT_COMPLETED:
            return f"{event.agent} agent finished"
        case EventType.AGENT_FAILED:
            return f"{event.agent} agent FAILED: {visible(str(event.data.get('reason', '')))}"
        case type_ if type_.terminal:
            return ended_line(ReviewEnded.model_validate(event.data))
        case _:
            return None


def estimate_lines(forecast: Estimate) -> list[str]:
    """What a review would cost, for a person."""
    if not forecast.model_configured:
        return [*forecast.notes]
    models = f"{forecast.calls:,} calls to {forecast.model}"
    cached = f"{forecast.cached_tokens:,} more from the cache"
    return [
        f"{plural(forecast.files, 'file')} in {plural(forecast.chunks, 'chunk')}: about {models}",
        f"about {forecast.input_tokens:,} tokens read, {cached}, {forecast.output_tokens:,} written",
        f"about ${forecast.cost_usd:.2f}, at most ${forecast.most_usd:.2f} (prices of {forecast.prices_as_of})",
        *forecast.notes,
    ]


def ended_line(ended: ReviewEnded) -> str:
    """The end of a review in one line: the verdict first."""
    counts = ", ".join(f"{count} {severity}" for severity, count in ended.findings_by_severity.items())
    seconds = ended.metrics.duration_ms / 1000
    engine = "" if ended.model_ran else "; no model ran"
    said = f"{ended.verdict.upper()}: {ended.finding_count} findings{f' ({counts})' if counts else ''}"
    return f"{said} in {seconds:.1f} s{engine}"
