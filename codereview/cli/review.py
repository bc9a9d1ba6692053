"""``codereview review``: a review here and now, without a server."""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import codereview.analysers.registry as analysers
from codereview.adapters.memory.spending import MemorySpendLedger
from codereview.adapters.model_catalogue import load_catalogue
from codereview.agents.model_rules import MODEL_RULES
from codereview.application.model.preview import preview
from codereview.bootstrap import build_local, limits
from codereview.bootstrap_model import language_model, model_reviewer
from codereview.cli.baseline import read_baseline, write_baseline
from codereview.cli.output import estimate_lines, wants_colour
from codereview.cli.progress import Progress
from codereview.config import Settings, load_settings
from codereview.domain.findings import Severity
from codereview.domain.gate import EXIT_CLEAN, EXIT_FINDINGS, exit_code
from codereview.domain.reviews import AGENTS, EFFORTS, FilterMode, Review, ReviewOptions
from codereview.domain.sources import Sources
from codereview.domain.submission import Job
from codereview.errors import ConfigurationError
from codereview.formats import FORMATS, render
from codereview.inputs.git import read_diff, read_staged, work_tree_root
from codereview.inputs.limits import Limits
from codereview.inputs.patch import read_patch
from codereview.inputs.paths import read_paths
from codereview.inputs.project_config import ProjectConfig, load_config
from codereview.inputs.snippet import read_snippet
from codereview.planning.batches import plan

_SEVERITIES = [str(severity) for severity in Severity]
_NEVER = "never"


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line said; None where it said nothing."""

    paths: tuple[str, ...] = ()
    diff: str | None = None
    staged: bool = False
    filename: str | None = None
    format_: str = "text"
    output: Path | None = None
    fail_on: str | None = None
    min_severity: str | None = None
    agents: str | None = None
    filter_mode: str | None = None
    baseline: Path | None = None
    write_baseline: Path | None = None
    no_config: bool = False
    exit_zero: bool = False
    jobs: int | None = None
    budget_usd: float | None = None
    effort: str | None = None
    estimate: bool = False
    show_prompts: bool = False
    quiet: bool = False


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("paths", nargs=-1, metavar="[PATH…|-]"),
    click.option("--diff", metavar="REF|FILE|-", help="Review what changed since REF, or what a patch changes."),
    click.option("--staged", is_flag=True, help="Review what is staged in git."),
    click.option("--filename", help="What standard input is called; its extension tells the language."),
    click.option("--format", "format_", default="text", show_default=True, type=click.Choice(list(FORMATS))),
    click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report there."),
    click.option("--fail-on", type=click.Choice([*_SEVERITIES, _NEVER]), help="Severity that fails (default high)."),
    click.option("--min-severity", type=click.Choice(_SEVERITIES), help="Report nothing below this."),
    click.option("--agents", help=f"Agents, comma-separated (default {','.join(AGENTS)})."),
    click.option("--filter-mode", type=click.Choice([str(m) for m in FilterMode]), help="Of a diff (default added)."),
    click.option("--baseline", type=click.Path(path_type=Path), help="Suppress the findings accepted in this file."),
    click.option("--write-baseline", type=click.Path(path_type=Path), help="Accept this run's findings in a file."),
    click.option("--no-config", is_flag=True, help="Ignore the project's configuration."),
    click.option("--exit-zero", is_flag=True, help="Exit 0 whatever was found; 3 still says not fully examined."),
    click.option("--jobs", type=click.IntRange(1, 64), help="Units worked on at once (default: one per core)."),
    click.option(
        "--budget-usd",
        type=click.FloatRange(0, min_open=True),
        help="US dollars the model may cost; at the cap the review ends with what it has, and says so.",
    ),
    click.option(
        "--effort", type=click.Choice(EFFORTS), help="How thorough the model is: each lens apart, and how much thought."
    ),
    click.option("--estimate", is_flag=True, help="Say what the review would cost, and do nothing."),
    click.option("--show-prompts", is_flag=True, help="Print what the model would be sent, and send nothing."),
    click.option("-q", "--quiet", is_flag=True, help="No progress on standard error."),
)


def _with_options(command: Callable[..., int]) -> Callable[..., int]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@_with_options
def review(**given: Any) -> int:
    """Review files, directories, standard input (-), or what changed.

    Without PATH the current directory is reviewed. The report goes to standard output, progress to standard error.
    """
    flags = Flags(**given)
    settings = load_settings()
    config = ProjectConfig() if flags.no_config else load_config(_start(flags)).config
    sources = _read(flags, settings, config)
    if flags.show_prompts:
        _show_prompts(Job(sources=sources, options=_options(flags, config)), settings)
        return EXIT_CLEAN
    if flags.estimate:
        _estimate(Job(sources=sources, options=_options(flags, config)), settings)
        return EXIT_CLEAN
    done = _run(Job(sources=sources, options=_options(flags, config)), settings, flags)
    if flags.write_baseline is not None:
        accepted = write_baseline(flags.write_baseline, done.findings)
        click.echo(f"{accepted} findings accepted in {flags.write_baseline}", err=True)
    _write(done, flags)
    code = exit_code(done)
    return EXIT_CLEAN if code == EXIT_FINDINGS and (flags.exit_zero or flags.fail_on == _NEVER) else code


def _estimate(job: Job, settings: Settings) -> None:
    local = build_local(settings)
    try:
        forecast = local.service.estimate(job)
    finally:
        local.close()
    for line in estimate_lines(forecast):
        click.echo(line)


def _show_prompts(job: Job, settings: Settings) -> None:
    # Nothing is asked, so that no key is needed to see what one would pay for.
    pretend = settings if settings.model_provider != "none" else settings.model_copy(update={"model_provider": "auto"})
    if language_model(pretend, load_catalogue(settings.models_file)) is None:
        pretend = settings.model_copy(update={"model_provider": "anthropic"})
    reviewer = model_reviewer(pretend, None, MemorySpendLedger())
    assert reviewer is not None  # noqa: S101  the provider is set
    batches = plan(job.sources, job.options.agents, target_bytes=settings.model_unit_bytes).batches
    for text in preview(reviewer, batches, job.options):
        click.echo(f"{text}\n")


def _start(flags: Flags) -> Path:
    named = [Path(path) for path in flags.paths if path != "-"]
    return named[0] if named and named[0].exists() else Path.cwd()


def _read(flags: Flags, settings: Settings, config: ProjectConfig) -> Sources:
    bounds = limits(settings)
    if flags.diff is not None and flags.staged:
        raise ConfigurationError("give --diff or --staged, not both")
    if flags.diff is not None or flags.staged:
        return _read_changes(flags, bounds, config)
    if "-" in flags.paths:
        if len(flags.paths) > 1:
            raise ConfigurationError("- (standard input) goes alone; give it, or paths")
        return read_snippet(sys.stdin.buffer.read(), flags.filename, bounds)
    if flags.filename is not None:
        raise ConfigurationError("--filename goes with - (standard input)")
    named = [Path(path) for path in flags.paths or (".",)]
    return read_paths(named, root=root_of(named), limits=bounds, exclude=config.exclude)


def _read_changes(flags: Flags, bounds: Limits, config: ProjectConfig) -> Sources:
    here, paths = Path.cwd(), [Path(path) for path in flags.paths]
    if flags.diff is None:
        return read_staged(start=here, limits=bounds, exclude=config.exclude, paths=paths)
    if flags.diff == "-":
        root = work_tree_root(here) or here
        return read_patch(sys.stdin.read(), root=root, limits=bounds, exclude=config.exclude)
    return read_diff(flags.diff, start=here, limits=bounds, exclude=config.exclude, paths=paths)


def root_of(named: Sequence[Path]) -> Path:
    """What paths in the report are relative to: the git work tree, else the current directory, else what was named."""
    first = Path(os.path.abspath(named[0]))
    start = first if first.is_dir() else first.parent
    top, here = work_tree_root(start), Path.cwd()
    if top is not None:
        return top
    return here if start.is_relative_to(here) else start


def _options(flags: Flags, config: ProjectConfig) -> ReviewOptions:
    agents = tuple(name.strip() for name in flags.agents.split(",")) if flags.agents is not None else None
    unknown = [agent for agent in agents or () if agent not in AGENTS]
    if unknown:
        raise ConfigurationError(f"unknown agent {unknown[0]!r}; the agents are {', '.join(AGENTS)}")
    said = {
        "agents": agents,
        "fail_on": flags.fail_on if flags.fail_on != _NEVER else None,
        "min_severity": flags.min_severity,
        "filter_mode": flags.filter_mode,
        "budget_usd": flags.budget_usd,
        "effort": flags.effort,
        "baseline": read_baseline(flags.baseline) if flags.baseline is not None else None,
    }
    chosen = {name: value for name, value in said.items() if value is not None}
    return ReviewOptions.model_validate(config.options() | chosen)


def _run(job: Job, settings: Settings, flags: Flags) -> Review:
    local = build_local(settings, workers=flags.jobs)
    progress = Progress(quiet=flags.quiet)
    try:
        accepted = local.service.submit(job)
        for event in local.service.follow(accepted.id):
            if event is not None:
                progress.take(event)
        return local.service.get(accepted.id)
    finally:
        progress.close()
        local.close()


def _write(done: Review, flags: Flags) -> None:
    to_terminal = flags.output is None
    text = render(
        done,
        flags.format_,
        color=to_terminal and wants_colour(sys.stdout),
        width=shutil.get_terminal_size((100, 24)).columns,
        rules=analysers.rules() | MODEL_RULES,
    )
    if flags.output is None:
        click.echo(text.removesuffix("\n"))
        return
    try:
        flags.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{flags.output} cannot be written: {error.strerror}") from error
