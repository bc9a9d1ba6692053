"""The part of CloudWatch Logs Insights that saved queries of this project use, over lines of a log.

Commands: fields, filter (``=``, ``like /…/``), sort, limit, stats (avg, percentile, pct, count, sum, max) by bin(…).
Fields of lines that are JSON are discovered, as Insights does; numbers stay numbers.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

Row = dict[str, Any]

_BIN = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AGGREGATE = re.compile(r"(?P<name>\w+)\((?P<field>[@\w.*]*)(?:,\s*(?P<argument>[\d.]+))?\)(?:\s+as\s+(?P<alias>\w+))?")


def run(query: str, lines: Sequence[str]) -> list[Row]:
    """The rows of a query. Raises ValueError for what this does not know."""
    rows = [_discovered(line) for line in lines if line.strip()]
    for stage in re.split(r"\|(?![^/]*/\s*(?:\||$))", query):
        command, _, rest = stage.strip().partition(" ")
        if command and not stage.strip().startswith("#"):
            rows = _COMMANDS[command](rows, rest.strip())
    return rows


def _discovered(line: str) -> Row:
    try:
        document = json.loads(line)
    except ValueError:
        document = {}
    row: Row = dict(document) if isinstance(document, dict) else {}
    stamp = row.get("time") or datetime.fromtimestamp(row.get("_aws", {}).get("Timestamp", 0) / 1000, UTC).isoformat()
    return {"@timestamp": stamp, "@message": line, **row}


def _fields(rows: list[Row], names: str) -> list[Row]:
    # Insights keeps every field at hand for the stages that follow; what is shown is chosen at the end.
    wanted = [name.strip() for name in names.split(",")]
    return [row | {name: row.get(name) for name in wanted} for row in rows]


def _filter(rows: list[Row], condition: str) -> list[Row]:
    if found := re.fullmatch(r"([@\w.]+)\s+like\s+/(.*)/", condition):
        return [row for row in rows if re.search(found[2], str(row.get(found[1]) or ""))]
    if found := re.fullmatch(r"([@\w.]+)\s*=\s*\"([^\"]*)\"", condition):
        return [row for row in rows if row.get(found[1]) == found[2]]
    raise ValueError(f"filter {condition} is not known here")


def _sort(rows: list[Row], by: str) -> list[Row]:
    name, _, order = by.partition(" ")
    return sorted(rows, key=lambda row: str(row.get(name)), reverse=order.strip() == "desc")


def _limit(rows: list[Row], count: str) -> list[Row]:
    return rows[: int(count)]


def _stats(rows: list[Row], what: str) -> list[Row]:
    aggregates, _, by = what.partition(" by ")
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(_bin(row, by.strip()) if by else "", []).append(row)
    return [
        {by.strip(): key} | {(m["alias"] or m[0]): _aggregate(m, group) for m in _AGGREGATE.finditer(aggregates)}
        for key, group in sorted(groups.items())
    ]


def _bin(row: Row, by: str) -> str:
    found = re.fullmatch(r"bin\((\d+)([smhd])\)", by)
    if found is None:
        return str(row.get(by))
    size = int(found[1]) * _BIN[found[2]]
    seconds = datetime.fromisoformat(row["@timestamp"]).timestamp()
    return datetime.fromtimestamp(seconds // size * size, UTC).isoformat()


def _aggregate(match: re.Match[str], rows: list[Row]) -> float:
    values = sorted(float(row[match["field"]]) for row in rows if isinstance(row.get(match["field"]), int | float))
    match match["name"]:
        case "count":
            return len(rows) if match["field"] in ("", "*") else len(values)
        case "avg":
            return fmean(values)
        case "sum":
            return sum(values)
        case "max":
            return values[-1]
        case "percentile" | "pct":
            return values[max(0, math.ceil(len(values) * float(match["argument"]) / 100) - 1)]
        case other:
            raise ValueError(f"{other} is not known here")


_COMMANDS: dict[str, Callable[[list[Row], str], list[Row]]] = {
    "fields": _fields,
    "filter": _filter,
    "sort": _sort,
    "limit": _limit,
    "stats": _stats,
}
