"""Baselines: findings a project accepted earlier, by fingerprint; no line numbers, so they survive shifted code."""

import json
from collections.abc import Iterable
from pathlib import Path

from codereview.domain.findings import Finding
from codereview.errors import ConfigurationError

_VERSION = 1


def read_baseline(path: Path) -> tuple[str, ...]:
    """The accepted fingerprints. Raises ConfigurationError for a file that is not a baseline."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        version, findings = document["version"], document["findings"]
        fingerprints = tuple(str(entry["fingerprint"]) for entry in findings)
    except OSError as error:
        raise ConfigurationError(f"the baseline {path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is not a baseline; make one with --write-baseline") from error
    if version != _VERSION:
        raise ConfigurationError(f"{path} has baseline version {version}; this codereview reads version {_VERSION}")
    return fingerprints


def write_baseline(path: Path, findings: Iterable[Finding]) -> int:
    """Accept these findings, sorted so that a diff of the file is readable; how many."""
    entries = [
        {"fingerprint": f.fingerprint, "ruleId": f.rule_id, "path": f.path, "symbol": f.symbol, "title": f.title}
        for f in sorted(findings, key=lambda f: f.sort_key)
        if f.counts
    ]
    document = {"version": _VERSION, "findings": entries}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return len(entries)
