"""The rule reference: Markdown pages made from the rules themselves, one for each engine."""

from collections.abc import Iterable, Mapping

from codereview.domain.rules import Example, Rule

#: Engines of our own, whose rules are told with their examples, and what is said of each.
_OWN = {
    "dataflow": "Data followed from where an outsider controls it to where it does harm, in Python, JavaScript and"
    " TypeScript, Go and Java; and configuration that switches a protection off.",
    "secrets": "Secrets written into code and configuration.",
    "infra": "Images, containers, clusters, clouds and workflows.",
    "bugs": "Defects of Python programs that the tools miss, or see less exactly.",
}
_TITLES = {
    "dataflow": "Data flow",
    "secrets": "Secrets",
    "infra": "Infrastructure",
    "bugs": "Bugs in Python",
    "tools": "Rules of other tools",
    "claude": "Claude",
}
_FENCES = {"py": "python", "js": "javascript", "ts": "typescript", "go": "go", "java": "java", "tf": "hcl"}


def pages(rules: Iterable[Rule]) -> dict[str, str]:
    """The pages by file name. The same rules give the same text."""
    listed = list(rules)
    made = {
        f"{engine}.md": _page(_TITLES[engine], about, [rule for rule in listed if rule.analyser == engine])
        for engine, about in _OWN.items()
    }
    model = [rule for rule in listed if rule.analyser in ("claude", "codereview")]
    others = [rule for rule in listed if rule.analyser not in _OWN and rule not in model]
    made["tools.md"] = _tools(others)
    made["claude.md"] = _table_page(_TITLES["claude"], "What a finding of a language model is filed under.", model)
    return {"README.md": _index(made, listed), **made}


def _index(made: Mapping[str, str], rules: list[Rule]) -> str:
    about = f"{len(rules)} rules; `codereview rules` lists them, `codereview rules RULE` explains one."
    made_by = "These pages are made from the same data by `codereview rules --reference docs/rules`."
    lines = [
        "# Rules",
        "",
        f"{about} {made_by}",
        "",
        *(f"- [{_TITLES[name.removesuffix('.md')]}]({name})" for name in made),
    ]
    return "\n".join(lines) + "\n"


def _page(title: str, about: str, rules: list[Rule]) -> str:
    parts = [f"# {title}", about, _table(rules, anchors=True)]
    for rule in rules:
        parts.extend(_told(rule))
    return "\n\n".join(parts) + "\n"


def _table_page(title: str, about: str, rules: list[Rule]) -> str:
    return "\n\n".join([f"# {title}", about, _table(rules, anchors=False)]) + "\n"


def _tools(rules: list[Rule]) -> str:
    about = (
        "Taken one by one for what they find and how seldom they cry wolf; what each means is documented by the tool,"
        " at the link. Where one says the same as a rule of ours, one finding comes of it."
    )
    tools = dict.fromkeys(rule.analyser for rule in rules)
    parts = [f"# {_TITLES['tools']}", about]
    for tool in tools:
        parts += [f"## {tool}", _table([rule for rule in rules if rule.analyser == tool], anchors=False)]
    return "\n\n".join(parts) + "\n"


def _table(rules: list[Rule], *, anchors: bool) -> str:
    rows = ["| rule | what | agent | severity | CWE |", "| --- | --- | --- | --- | --- |"]
    for rule in rules:
        name = f"`{rule.id}`"
        if anchors:
            name = f"[{name}](#{_anchor(rule)})"
        elif rule.help_uri:
            name = f"[{name}]({rule.help_uri})"
        cwe = f"{rule.cwe}" if rule.cwe else ""
        rows.append(f"| {name} | {_cell(rule.title)} | {rule.agent} | {rule.severity} | {cwe} |")
    return "\n".join(rows)


def _told(rule: Rule) -> list[str]:
    parts = [f"## {rule.native}", f"{_sentence(rule.title)} {_facts(rule)}"]
    if rule.description:
        parts.append(rule.description)
    if rule.failure_scenario:
        parts.append(f"**What goes wrong:** {rule.failure_scenario}")
    if rule.fix:
        parts.append(f"**Fix:** {rule.fix}")
    for heading, examples in (("Reported:", rule.invalid[:2]), ("Not reported:", rule.valid[:2])):
        for number, example in enumerate(examples):
            parts += [heading] * (number == 0) + [_code(example)]
    return parts


def _facts(rule: Rule) -> str:
    cwe = f", CWE-{rule.cwe}" if rule.cwe else ""
    languages = f", {', '.join(rule.languages)}" if rule.languages else ""
    return f"*{rule.severity}, {rule.confidence} confidence{cwe}{languages}*"


def _code(example: Example) -> str:
    language = _FENCES.get(example.filename.rpartition(".")[2], "")
    ticks = "````" if "```" in example.code else "```"
    return f"{ticks}{language}\n{example.code.rstrip()}\n{ticks}"


def _anchor(rule: Rule) -> str:
    return "".join(char for char in rule.native.lower().replace(" ", "-") if char.isalnum() or char in "-_")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
