"""Whether a regular expression can take exponential time: a repetition that can divide the same text in many ways."""

import re
import warnings
from functools import lru_cache

# The parser of the re module: it has no public name, and no public alternative gives the tree.
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_MANY = 12
_MAX_PATTERN = 2_000
_CATEGORY_SAMPLES = {"CATEGORY_DIGIT": "07", "CATEGORY_WORD": "a0_Z", "CATEGORY_SPACE": " \t"}
_ALPHABET = "aZ0_ -.@/\\\t"


@lru_cache(maxsize=2048)
def is_exponential(pattern: str) -> bool:
    """Whether matching can take exponential time in the length of the text. False for what is no expression."""
    if len(pattern) > _MAX_PATTERN:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return _any_ambiguous(tree, 0)


def _any_ambiguous(tree: Any, depth: int) -> bool:
    if depth > 20:
        return False
    for op, argument in tree:
        if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            _low, high, body = argument
            if high >= _MANY and _ambiguous(body):
                return True
        if any(_any_ambiguous(inner, depth + 1) for inner in _inner(op, argument)):
            return True
    return False


def _inner(op: Any, argument: Any) -> list[Any]:
    if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        return [argument[2]]
    if op is codes.SUBPATTERN:
        return [argument[3]]
    if op is codes.BRANCH:
        return list(argument[1])
    if op in (codes.ASSERT, codes.ASSERT_NOT):
        return [argument[1]]
    return []


def _ambiguous(body: Any) -> bool:
    """Whether the body of a repetition can itself repeat so that one run of characters divides in many ways."""
    items = _flat(body)
    branches = [argument[1] for op, argument in items if op is codes.BRANCH]
    for alternatives in branches:
        firsts = [_first(alternative) for alternative in alternatives]
        overlapping = any(a & b for i, a in enumerate(firsts) for b in firsts[i + 1 :])
        if overlapping and len(items) == 1:
            return True
    if not items:
        return False
    # Every item but one repetition may be empty: then the outer and the inner repetition compete.
    solid = [item for item in items if not _optional(item)]
    repeats = [item for item in items if _repeats(item)]
    if len(solid) == 1 and _repeats(solid[0]):
        return True
    if len(repeats) == 1 and len(solid) == 1 and solid[0] is not repeats[0]:
        return False
    if not solid and repeats:
        return True
    return len(solid) > 1 and bool(repeats) and _shares(solid, repeats[0])


def _shares(items: list[Any], repeat: Any) -> bool:
    """Whether every part can take what the repetition takes, so that it does not matter which of them does."""
    own = _first([repeat])
    return all(own & _first([item]) for item in items)


def _flat(body: Any) -> list[Any]:
    items = list(body)
    while len(items) == 1 and items[0][0] is codes.SUBPATTERN:
        items = list(items[0][1][3])
    return items


def _repeats(item: Any) -> bool:
    op, argument = item
    if op is codes.SUBPATTERN:
        inner = list(argument[3])
        return len(inner) == 1 and _repeats(inner[0])
    return op in (codes.MAX_REPEAT, codes.MIN_REPEAT) and argument[1] >= _MANY


def _optional(item: Any) -> bool:
    op, argument = item
    if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        return bool(argument[0] == 0)
    if op is codes.SUBPATTERN:
        return all(_optional(inner) for inner in argument[3])
    return op in (codes.AT, codes.ASSERT, codes.ASSERT_NOT)


def _first(sequence: Any) -> frozenset[str]:
    """Sample characters the sequence can begin with."""
    found: set[str] = set()
    for item in sequence:
        found |= _begins(item)
        if not _optional(item):
            break
    return frozenset(found)


def _begins(item: Any) -> frozenset[str]:
    op, argument = item
    if op is codes.LITERAL:
        return frozenset(chr(argument))
    if op is codes.ANY:
        return frozenset(_ALPHABET)
    if op is codes.IN:
        return _set(argument)
    if op is codes.NOT_LITERAL:
        return frozenset(_ALPHABET) - {chr(argument)}
    if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        return _first(argument[2])
    if op is codes.SUBPATTERN:
        return _first(argument[3])
    if op is codes.BRANCH:
        return frozenset().union(*(_first(alternative) for alternative in argument[1]))
    return frozenset()


def _set(members: Any) -> frozenset[str]:
    found: set[str] = set()
    negated = False
    for op, argument in members:
        if op is codes.NEGATE:
            negated = True
        elif op is codes.LITERAL:
            found.add(chr(argument))
        elif op is codes.RANGE:
            low, high = argument
            found |= {c for c in _ALPHABET if low <= ord(c) <= high} | {chr(low)}
        elif op is codes.CATEGORY:
            name = str(argument).replace("CATEGORY_UNI_", "CATEGORY_")
            if "NOT" in name:
                found |= set(_ALPHABET) - set(_CATEGORY_SAMPLES.get(name.replace("NOT_", ""), ""))
            else:
                found |= set(_CATEGORY_SAMPLES.get(name, ""))
    return frozenset(set(_ALPHABET) - found if negated else found)
