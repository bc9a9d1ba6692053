"""``codereview doctor``: whether everything a review needs is here."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click

import codereview.analysers.registry as analysers
from codereview.adapters.celery.config import broker_url
from codereview.adapters.embedded.redis_server import find_binary
from codereview.adapters.model_catalogue import load_catalogue
from codereview.adapters.redis.client import connect, translated_errors
from codereview.bootstrap import stores
from codereview.bootstrap_model import language_model
from codereview.config import Settings, load_settings
from codereview.domain.gate import EXIT_CLEAN, EXIT_USAGE
from codereview.errors import CodeReviewError

#: External programs of the analysers; the others are libraries.
_TOOLS = ("bandit", "ruff", "oxlint", "shellcheck", "hadolint", "zizmor")

#: What of a model's facts a person must know.
_TOLD = ("lifecycle", "retires")


@click.command()
def doctor() -> int:
    """Check the analysers, Redis, the store and the model, and say what to do about what is missing."""
    settings = load_settings()
    checks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("python", lambda _: sys.version.split()[0]),
        ("analysers", _analysers),
        ("redis", _redis),
        ("store", _store),
        ("model", _model),
    )
    failed = False
    for name, check in checks:
        try:
            click.echo(f"ok    {name:<10} {check(settings)}")
        except CodeReviewError as error:
            failed = True
            click.echo(f"FAIL  {name:<10} {error.detail}")
    return EXIT_USAGE if failed else EXIT_CLEAN


def _analysers(_: Settings) -> str:
    beside = str(Path(sys.executable).parent)
    missing = [tool for tool in _TOOLS if not (shutil.which(tool, path=beside) or shutil.which(tool))]
    if missing:
        raise CodeReviewError(f"{', '.join(missing)} not found; reinstall codereview, its requirements ship them")
    return f"{len(analysers.rules())} rules, {len(_TOOLS)} tools found"


def _redis(settings: Settings) -> str:
    if not settings.redis_url:
        return f"none given; `codereview serve` will start {find_binary()}"
    with connect(broker_url(settings)) as client, translated_errors():
        version = client.info("server")["redis_version"]
    return f"answers, version {version}"


def _model(settings: Settings) -> str:
    catalogue = load_catalogue(settings.models_file)
    model = language_model(settings, catalogue)
    if model is None:
        return "no model is configured: reviews are static, and say so"
    choice = catalogue.choice(main=settings.model, cheap=settings.model_cheap, fallbacks=settings.model_fallbacks)
    told = []
    for name in dict.fromkeys((choice.main, choice.cheap, *choice.fallbacks)):
        catalogue.spec(name)  # there must be a price, or no budget could be kept
        facts = model.describe(name)
        told.append(" ".join([name, *(f"{key} {value}" for key, value in facts.items() if key in _TOLD)]))
    return f"{model.name} answers: {', '.join(told)} (prices of {catalogue.as_of.isoformat()})"


def _store(settings: Settings) -> str:
    reviews, _ = stores(settings)
    reviews.page(owner="", limit=1)
    return settings.store if settings.store == "dynamodb" else str(settings.database_path)
