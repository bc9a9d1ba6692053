"""The lenses of the agents: what one call looks for, and from which side a candidate is attacked."""

from dataclasses import dataclass
from functools import cache

from codereview.agents.prompts import part


@dataclass(frozen=True, slots=True)
class Lens:
    """One way of looking. ``name`` appears in metrics and provenance."""

    name: str
    file: str

    @property
    def text(self) -> str:
        """What the prompt says of it."""
        return part(self.file)


_FINDERS = {
    "security": ("injection", "access", "secrets", "exposure"),
    "bug": ("logic", "errors", "contracts"),
}

#: From which sides a candidate is attacked, one call each.
DISPROVERS = tuple(Lens(name, f"verify/{name}.md") for name in ("reachable", "impact", "defences"))

#: The one who looks at a repair.
REPAIRED = Lens("repaired", "verify/repaired.md")


@cache
def finders(agent: str) -> tuple[Lens, ...]:
    """The lenses of an agent; none for one that has no model part."""
    return tuple(Lens(name, f"find/{agent}-{name}.md") for name in _FINDERS.get(agent, ()))
