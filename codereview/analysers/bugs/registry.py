"""Every rule and every check there is, listed by hand."""

import ast
from collections import defaultdict
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from codereview.analysers.bugs.rule import Check
from codereview.analysers.bugs.rules import (
    aliasing,
    annotations,
    arguments,
    arithmetic,
    arrays,
    asynchronous,
    branches,
    call_results,
    catching,
    caught,
    comparisons,
    construction,
    datetimes,
    decorators,
    defaults,
    dropped,
    environment,
    files,
    formatting,
    impossible,
    inheritance,
    iteration,
    iterators,
    library,
    literals,
    loops,
    members,
    methods,
    mixups,
    namespaces,
    nothing,
    operators,
    properties,
    protocols,
    raising,
    reachability,
    records,
    regexes,
    returns,
    slices,
    slots,
    special_methods,
    subscripts,
    testing,
    text,
    threads,
    unassigned,
    undefined,
)
from codereview.domain.rules import Rule

THEMES: tuple[ModuleType, ...] = (
    aliasing,
    annotations,
    arguments,
    arithmetic,
    arrays,
    asynchronous,
    branches,
    call_results,
    catching,
    caught,
    comparisons,
    construction,
    datetimes,
    decorators,
    defaults,
    dropped,
    environment,
    files,
    formatting,
    impossible,
    inheritance,
    iteration,
    iterators,
    library,
    literals,
    loops,
    members,
    methods,
    mixups,
    namespaces,
    nothing,
    operators,
    properties,
    protocols,
    raising,
    reachability,
    records,
    regexes,
    returns,
    slices,
    slots,
    special_methods,
    subscripts,
    testing,
    text,
    threads,
    unassigned,
    undefined,
)

RULES: tuple[Rule, ...] = tuple(rule for theme in THEMES for rule in theme.RULES)


def _by_kind(checks: list[Check]) -> Mapping[type[ast.AST], tuple[Callable[[Any, Any], None], ...]]:
    table: dict[type[ast.AST], list[Callable[[Any, Any], None]]] = defaultdict(list)
    for check in checks:
        table[check.kind].append(check.look)
    return {kind: tuple(looks) for kind, looks in table.items()}


#: The functions that look at each kind of node.
CHECKS = _by_kind([check for theme in THEMES for check in theme.CHECKS])
