"""Every analyser there is, in one table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from codereview.analysers import catalogue
from codereview.analysers.bandit import Bandit
from codereview.analysers.base import DEFAULT_BOUNDS, ToolAnalyser
from codereview.analysers.bugs.analyser import BugAnalyser
from codereview.analysers.bugs.analyser import rules as bug_rules
from codereview.analysers.dataflow.analyser import DataflowAnalyser
from codereview.analysers.dataflow.analyser import rules as dataflow_rules
from codereview.analysers.hadolint import Hadolint
from codereview.analysers.infra.analyser import InfraAnalyser
from codereview.analysers.infra.analyser import rules as infra_rules
from codereview.analysers.oxlint import Oxlint
from codereview.analysers.process import Bounds
from codereview.analysers.ruff import Ruff
from codereview.analysers.secrets.analyser import SecretsAnalyser
from codereview.analysers.secrets.analyser import rules as secrets_rules
from codereview.analysers.shellcheck import Shellcheck
from codereview.analysers.zizmor import Zizmor
from codereview.domain.rules import Rule
from codereview.ports import Analyser


@dataclass(frozen=True, slots=True)
class Entry:
    """How to make an analyser, and its rules; it works for the agents its rules name.

    ``make`` gets the bounds of one run of a tool; an analyser of our own has no use for them.
    """

    make: Callable[[Bounds], Analyser]
    rules: Callable[[], Iterable[Rule]]


def _tool(analyser: type[ToolAnalyser]) -> Entry:
    def make(bounds: Bounds) -> Analyser:
        return analyser(bounds=bounds)

    # Read when it is asked for: importing this module opens no file.
    def rules() -> Iterable[Rule]:
        return catalogue.load(analyser.name).rules.values()

    return Entry(make, rules)


#: In the order an agent asks them: who settles a question for others first, then the fast ones, so that findings
#: appear early. The first to report a defect gives it its words.
ANALYSERS: dict[str, Entry] = {
    "dataflow": Entry(lambda _: DataflowAnalyser(), dataflow_rules),
    "secrets": Entry(lambda _: SecretsAnalyser(), secrets_rules),
    "infra": Entry(lambda _: InfraAnalyser(), infra_rules),
    "bugs": Entry(lambda _: BugAnalyser(), bug_rules),
    "ruff": _tool(Ruff),
    "bandit": _tool(Bandit),
    "oxlint": _tool(Oxlint),
    "shellcheck": _tool(Shellcheck),
    "hadolint": _tool(Hadolint),
    "zizmor": _tool(Zizmor),
}


def analysers_for(agent: str, bounds: Bounds = DEFAULT_BOUNDS) -> tuple[Analyser, ...]:
    """The analysers with rules for the agent, in the order it asks them; ``bounds`` are those of one batch."""
    return tuple(
        _analyser(name, bounds)
        for name, entry in ANALYSERS.items()
        if any(rule.agent == agent for rule in entry.rules())
    )


def rules() -> dict[str, Rule]:
    """Every rule by its id, in the order of the table."""
    return {rule.id: rule for entry in ANALYSERS.values() for rule in entry.rules()}


@cache
def _analyser(name: str, bounds: Bounds) -> Analyser:
    return ANALYSERS[name].make(bounds)
