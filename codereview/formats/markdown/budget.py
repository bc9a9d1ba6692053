"""Keeping a report within the characters it may have, and counting what that costs."""

from collections.abc import Sequence
from dataclasses import dataclass

#: What the sentence about the cut and the blank lines around it take.
_DISCLOSURE = 250
_SEPARATOR = 2


@dataclass(frozen=True, slots=True)
class Shortened:
    """The blocks that fit: how many of them are the short version, and how many fell out."""

    blocks: list[str]
    briefly: int = 0
    dropped: int = 0


def shorten(blocks: Sequence[tuple[str, str]], room: int) -> Shortened:
    """Of each (long, short) pair the one that fits into ``room`` characters in all, the first ones first.

    First everybody gets the short version, as far as the room reaches; what is left makes the first ones long.
    """
    room -= _DISCLOSURE
    kept: list[tuple[str, str]] = []
    for long, short in blocks:
        if len(short) + _SEPARATOR > room:
            break
        room -= len(short) + _SEPARATOR
        kept.append((long, short))
    chosen: list[str] = []
    briefly = 0
    for long, short in kept:
        extra = len(long) - len(short)
        if extra <= room:
            room -= extra
            chosen.append(long)
        else:
            briefly += 1
            chosen.append(short)
    return Shortened(chosen, briefly, len(blocks) - len(kept))


def fitting(lines: Sequence[str], room: int) -> tuple[list[str], int]:
    """The first lines that fit into ``room`` characters, and how many do not."""
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept, len(lines) - len(kept)
