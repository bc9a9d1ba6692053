"""``codereview rules``: every rule, and what it is about."""

import json
import textwrap
from pathlib import Path

import click

import codereview.analysers.registry as analysers
from codereview.agents.model_rules import MODEL_RULES
from codereview.domain.reviews import AGENTS
from codereview.domain.rules import Rule
from codereview.errors import ConfigurationError
from codereview.formats.rule_reference import pages


@click.command()
@click.argument("rule_id", required=False, metavar="[RULE]")
@click.option("--agent", type=click.Choice(AGENTS), help="Only this agent's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--reference", metavar="DIR", type=click.Path(file_okay=False, path_type=Path), help="Write the rule reference."
)
def rules(rule_id: str | None, agent: str | None, as_json: bool, reference: Path | None) -> None:
    """List the rules, or explain RULE with its examples."""
    known = analysers.rules() | MODEL_RULES
    if reference is not None:
        reference.mkdir(parents=True, exist_ok=True)
        for name, text in pages(known.values()).items():
            (reference / name).write_text(text, encoding="utf-8")
        return
    if rule_id is not None:
        if rule_id not in known:
            near = [name for name in known if name.endswith(f"/{rule_id}")]
            hint = f"did you mean {near[0]}?" if near else "see `codereview rules`"
            raise ConfigurationError(f"there is no rule {rule_id!r}; {hint}")
        chosen = known[rule_id]
        click.echo(json.dumps(chosen.to_wire(), indent=2) if as_json else _explained(chosen))
        return
    listed = [rule for rule in known.values() if agent in (None, rule.agent)]
    if as_json:
        click.echo(json.dumps([rule.to_wire() for rule in listed], indent=2))
        return
    for rule in listed:
        cwe = f"CWE-{rule.cwe}" if rule.cwe else "-"
        click.echo(f"{rule.id:<44} {rule.agent:<8} {rule.severity:<8} {cwe:<9} {rule.title}")
    click.echo(f"{len(listed)} rules; `codereview rules RULE` explains one", err=True)


def _explained(rule: Rule) -> str:
    cwe = f"CWE-{rule.cwe}" if rule.cwe else "no CWE"
    parts = [f"{rule.id}: {rule.title}", f"{rule.agent} agent, {rule.severity}, {rule.confidence} confidence, {cwe}"]
    for heading, text in (("", rule.description), ("What goes wrong", rule.failure_scenario), ("Fix", rule.fix)):
        if text:
            parts.append(textwrap.fill(f"{heading}: {text}" if heading else text, 100))
    for heading, examples in (("Reported", rule.invalid), ("Not reported", rule.valid)):
        parts.extend(f"{heading}:\n{textwrap.indent(example.code.rstrip(), '    ')}" for example in examples)
    return "\n\n".join([*parts, rule.help_uri] if rule.help_uri else parts)
