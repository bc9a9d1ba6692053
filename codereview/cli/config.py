"""``codereview config``: what a project's configuration says, and where each value comes from."""

from pathlib import Path

import click

from codereview.inputs.project_config import load_config


@click.command()
@click.option("--show", is_flag=True, help="Print every value and its origin (what this command does anyway).")
@click.argument("path", default=".", type=click.Path(exists=True, path_type=Path))
def config(path: Path, show: bool) -> None:  # noqa: ARG001
    """Print the configuration that applies to PATH: value and origin of each key."""
    found = load_config(path)
    for key, value in found.config.model_dump(mode="json").items():
        click.echo(f"{key} = {value!r}  # {found.origin_of(key)}")
