"""``codereview eval``: how good an engine is on a labelled data set, with the formulas everybody can check."""

import json
import time
from decimal import Decimal
from pathlib import Path

import click
from pydantic import ValidationError

from codereview.adapters.model_catalogue import load_catalogue
from codereview.bootstrap import build_local
from codereview.bootstrap_model import language_model
from codereview.config import Settings, load_settings
from codereview.domain.reviews import AGENTS, FilterMode, Review, ReviewOptions
from codereview.domain.scoring import Case, Score, Tally, score
from codereview.domain.sources import SourceFile, Sources
from codereview.domain.submission import Job
from codereview.errors import ConfigurationError
from codereview.formats.summary import cost
from codereview.syntax.languages import language_of

#: What can be scored.
ENGINES = ("static", "claude", "all")


@click.command("eval")
@click.argument("dataset", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--agents", default=",".join(AGENTS), show_default=True, help="Agents to run, comma-separated.")
@click.option(
    "--engine",
    default="static",
    show_default=True,
    type=click.Choice(ENGINES),
    help="The tools and rules, the model alone, or both together.",
)
@click.option("--budget-usd", type=click.FloatRange(0, min_open=True), help="US dollars the model may cost.")
@click.option("--repeat", default=1, show_default=True, type=click.IntRange(1, 10), help="Runs; they must agree.")
@click.option("--misses", is_flag=True, help="List what was missed and what was reported wrongly.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(
    dataset: Path, agents: str, engine: str, budget_usd: float | None, repeat: int, misses: bool, as_json: bool
) -> None:
    """Score an engine on DATASET, a file of JSON lines.

    A line is one file: {"path", "text", "labels": [{"line", "cwe", "real", ...}]}; a label without a CWE is a bug.
    """
    cases = read_cases(dataset)
    asked = tuple(name.strip() for name in agents.split(","))
    runs = [_run(cases, asked, engine, budget_usd) for _ in range(repeat)]
    review, seconds = runs[0]
    result = score(cases, [finding for finding in review.findings if finding.counts])
    prints = [[finding.fingerprint for finding in run.findings] for run, _ in runs]
    stable = all(other == prints[0] for other in prints)
    if as_json:
        click.echo(json.dumps({**_summary(result), "seconds": round(seconds, 2), "deterministic": stable}))
        return
    _print_table(result)
    click.echo(json.dumps(_summary(result)))
    agreement = "" if repeat == 1 else f"; {repeat} runs {'agree' if stable else 'DISAGREE'}"
    if review.model_ran:
        click.echo(cost(review), err=True)
    for notice in review.notices:
        click.echo(notice, err=True)
    click.echo(f"{len(cases)} files in {seconds:.1f} s{agreement}", err=True)
    if misses:
        for title, rows in (("missed", result.missed), ("false alarm", result.false_alarms)):
            for path, label in rows:
                click.echo(f"{title}\t{path}\t{label.line or '-'}\tCWE-{label.cwe or '-'}\t{label.rule}")


def read_cases(dataset: Path) -> list[Case]:
    """The cases of a data set. Raises ConfigurationError naming the line that is wrong."""
    cases = []
    for number, line in enumerate(dataset.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            cases.append(Case.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ConfigurationError(f"{dataset}:{number}: {place}: {first['msg']}") from error
    return cases


def _run(cases: list[Case], agents: tuple[str, ...], engine: str, budget_usd: float | None) -> tuple[Review, float]:
    unknown = [agent for agent in agents if agent not in AGENTS]
    if unknown:
        raise ConfigurationError(f"unknown agent {unknown[0]!r}; the agents are {', '.join(AGENTS)}")
    files = tuple(
        SourceFile(path=case.path, text=case.text, language=language_of(case.path, case.text)) for case in cases
    )
    options = ReviewOptions(agents=agents, filter_mode=FilterMode.NOFILTER, max_findings=20_000, budget_usd=budget_usd)
    local = build_local(_settings(engine, budget_usd), tools=engine != "claude")
    began = time.perf_counter()
    try:
        review = local.service.submit(Job(sources=Sources(files=files, label="evaluation"), options=options))
        for _ in local.service.follow(review.id):
            pass
        return local.service.get(review.id), time.perf_counter() - began
    finally:
        local.close()


def _settings(engine: str, budget_usd: float | None) -> Settings:
    """The settings of an evaluation: without a model, or with one and as much time and money as it is given."""
    # What is measured here is made here.
    settings = load_settings().model_copy(update={"analysis_cache": False})
    if engine == "static":
        return settings.model_copy(update={"model_provider": "none"})
    if language_model(settings, load_catalogue(settings.models_file)) is None:
        raise ConfigurationError(
            f"--engine {engine} needs a model: set ANTHROPIC_API_KEY, or CODEREVIEW_MODEL_PROVIDER"
        )
    cap = settings.budget_review_usd if budget_usd is None else Decimal(str(budget_usd))
    return settings.model_copy(update={"review_deadline_s": 86_400.0, "budget_review_usd": cap})


def _print_table(result: Score) -> None:
    click.echo(f"{'family':16}{'TP':>6}{'FN':>6}{'FP':>6}{'TN':>6}{'TPR':>8}{'FPR':>8}{'Youden':>8}")
    for name, tally in sorted(result.families.items()):
        counts = (tally.true_positives, tally.false_negatives, tally.false_positives, tally.true_negatives)
        rates = (tally.recall, tally.false_positive_rate, tally.youden)
        click.echo(f"{name:16}" + "".join(f"{n:6}" for n in counts) + "".join(f"{_shown(r):>8}" for r in rates))


def _summary(result: Score) -> dict[str, object]:
    total: Tally = result.overall
    per_family = [tally.youden for tally in result.families.values() if tally.youden is not None]
    return {
        "findings": result.findings,
        "TP": total.true_positives,
        "FN": total.false_negatives,
        "FP": total.false_positives,
        "TN": total.true_negatives,
        "precision": _rounded(total.precision),
        "recall": _rounded(total.recall),
        "FPR": _rounded(total.false_positive_rate),
        "youden": _rounded(total.youden),
        "meanFamilyYouden": _rounded(sum(per_family) / len(per_family) if per_family else None),
        "unlabelledPerKloc": round(result.unlabelled_per_kloc, 2),
    }


def _shown(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2f}"


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 3)
