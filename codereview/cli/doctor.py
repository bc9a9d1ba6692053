"""``codereview doctor``: whether everything a review needs is here."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click

import codereview.analysers.registry as analysers
from codereview.adapters.celery.config import broker_url
from codereview.adapters.embedded.redis_server import find_binary
from codereview.adapters.redis.client import connect, translated_errors
from codereview.bootstrap import stores
from codereview.config import Settings, load_settings
from codereview.domain.gate import EXIT_CLEAN, EXIT_USAGE
from codereview.errors import CodeReviewError

#: External programs of the analysers; the others are libraries.
_TOOLS = ("bandit", "ruff", "oxlint", "shellcheck", "hadolint", "zizmor")


@click.command()
def doctor() -> int:
    """Check the analysers, Redis, the store and the model, and say what to do about what is missing."""
    settings = load_settings()
    checks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("python", lambda _: sys.version.split()[0]),
        ("analysers", _analysers),
        ("redis", _redis),
        ("store", _store),
        ("model", lambda _: "no model is configured: reviews are static, and say so"),
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


def _store(settings: Settings) -> str:
    reviews, _ = stores(settings)
    reviews.page(owner="", limit=1)
    return settings.store if settings.store == "dynamodb" else str(settings.database_path)
