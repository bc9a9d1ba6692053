"""What hadolint overlooks in a Dockerfile: failures that are none when the rest of the file is read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from codereview.analysers.infra.reading.dockerfile_reader import Instruction, instructions

_FROM = re.compile(r"(?:--\S+\s+)*(?P<base>\S+)(?:\s+AS\s+(?P<name>\S+))?", re.IGNORECASE)
_TAKEN_FROM = re.compile(r"\bfrom=(?P<stage>[^\s,]+)")
_PIPEFAIL = re.compile(r"-[a-z]*o\s+pipefail\b")


@dataclass(frozen=True, slots=True)
class _Stage:
    number: int
    base: str
    name: str
    body: list[Instruction] = field(default_factory=list)

    @property
    def sets_user(self) -> bool:
        return any(one.name == "USER" for one in self.body)

    def takes_from(self, other: "_Stage") -> bool:
        """Whether it builds on the other stage, or copies files from it."""
        taken = {match["stage"].lower() for one in self.body for match in _TAKEN_FROM.finditer(one.arguments)}
        return self.base == other.name or not taken.isdisjoint({other.name, str(other.number)})


def excused(rule: str, text: str, line: int) -> bool:
    """Whether the failure of a rule of hadolint at a line of a Dockerfile is none."""
    excuse = _EXCUSES.get(rule)
    return excuse is not None and excuse(instructions(text), line)


def _user_is_not_kept(found: Sequence[Instruction], line: int) -> bool:
    """A stage may be root as long as no image is: who copies from it, or sets another user on it, is not."""
    stages = _stages(found)
    here = next((stage for stage in stages for one in stage.body if one.line == line), None)
    return here is not None and not _keeps_user(here, stages[here.number + 1 :])


def _keeps_user(stage: _Stage, later: Sequence[_Stage]) -> bool:
    if not any(other.takes_from(stage) for other in later):
        return True
    return any(
        other.base == stage.name and not other.sets_user and _keeps_user(other, later[number + 1 :])
        for number, other in enumerate(later)
    )


def _stages(found: Sequence[Instruction]) -> list[_Stage]:
    stages: list[_Stage] = []
    for one in found:
        if one.name == "FROM" and (match := _FROM.match(one.arguments)):
            name = (match["name"] or str(len(stages))).lower()
            stages.append(_Stage(len(stages), match["base"].lower(), name))
        elif stages:
            stages[-1].body.append(one)
    return stages


def _is_health_check(found: Sequence[Instruction], line: int) -> bool:
    """Its command gets no signals, and `|| exit 1` needs the shell."""
    return any(one.name == "HEALTHCHECK" for one in found if one.line == line)


def _sets_pipefail(found: Sequence[Instruction], line: int) -> bool:
    """With `set -o pipefail` among its commands it needs no SHELL before it."""
    return any(_PIPEFAIL.search(part.text) for one in found if one.line == line for part in one.parts)


_EXCUSES: Mapping[str, Callable[[Sequence[Instruction], int], bool]] = {
    "DL3002": _user_is_not_kept,
    "DL3025": _is_health_check,
    "DL4006": _sets_pipefail,
}
