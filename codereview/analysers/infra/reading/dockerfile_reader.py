"""Dockerfiles: instructions with the lines they stand on."""

import re
from dataclasses import dataclass

_HEREDOC = re.compile(r"<<-?\s*[\"']?(?P<mark>\w+)[\"']?")
_ESCAPE = re.compile(r"^\s*#\s*escape\s*=\s*(?P<char>\S)", re.IGNORECASE)
_INSTRUCTION = re.compile(r"^\s*(?P<name>[A-Za-z]+)(?:\s+(?P<rest>.*))?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """One line of an instruction."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its name in capitals, its arguments on one line, and the lines they came from."""

    name: str
    arguments: str
    parts: tuple[Part, ...]
    line: int

    @property
    def end_line(self) -> int:
        """The last of its lines."""
        return self.parts[-1].line


def instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile, comments left out. Any text can be read; lines that are none are dropped."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    escape = next((match["char"] for line in lines[:1] if (match := _ESCAPE.match(line))), "\\")
    found: list[Instruction] = []
    endless: set[str] = set()
    number = 0
    while number < len(lines):
        parts, number = _logical_line(lines, number, escape)
        match = _INSTRUCTION.match(" ".join(part.text for part in parts))
        if match is None:
            continue
        number = _with_heredocs(parts, lines, number, endless)
        found.append(Instruction(match["name"].upper(), (match["rest"] or "").strip(), tuple(parts), parts[0].line))
    return found


def _logical_line(lines: list[str], number: int, escape: str) -> tuple[list[Part], int]:
    parts: list[Part] = []
    while number < len(lines):
        line = lines[number]
        number += 1
        if line.lstrip().startswith("#") or (parts and not line.strip()):
            if not parts:
                return [Part("", number)], number
            continue
        continued = line.rstrip().endswith(escape)
        parts.append(Part(line.rstrip()[:-1] if continued else line, number))
        if not continued:
            break
    return parts or [Part("", number)], number


def _with_heredocs(parts: list[Part], lines: list[str], number: int, endless: set[str]) -> int:
    """Adds the lines of here-documents; ``endless`` are marks that no line repeats, each looked for once."""
    for mark in [match["mark"] for part in parts for match in _HEREDOC.finditer(part.text)]:
        if mark in endless:
            continue
        ends = next((n for n in range(number, len(lines)) if lines[n].strip() == mark), None)
        if ends is None:
            endless.add(mark)
            continue
        parts += [Part(lines[n], n + 1) for n in range(number, ends)]
        number = ends + 1
    return number
