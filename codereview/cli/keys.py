"""``codereview keys``: API keys of this deployment."""

import json
from datetime import UTC, datetime

import click

from codereview.adapters.system import SystemClock
from codereview.application.keys import new_key
from codereview.bootstrap import stores
from codereview.config import load_settings
from codereview.errors import ConfigurationError


@click.group()
def keys() -> None:
    """Make, list and revoke API keys; the secret is shown once and only its hash is kept."""


@keys.command()
@click.argument("owner")
@click.option("--name", default="", help="What the key is for.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create(owner: str, name: str, as_json: bool) -> None:
    """Make a key for OWNER; each owner sees only its own reviews."""
    if not owner.strip():
        raise ConfigurationError("OWNER must not be empty")
    secret, key = new_key(owner.strip(), name, SystemClock())
    stores(load_settings())[1].add(key)
    if as_json:
        click.echo(json.dumps({"id": key.id, "owner": key.owner, "name": key.name, "secret": secret}))
        return
    click.echo(secret)
    click.echo(f"key {key.id} for {key.owner}: keep the secret now, it is not shown again", err=True)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
def list_(as_json: bool) -> None:
    """List the keys, the oldest first."""
    for key in stores(load_settings())[1].all():
        if as_json:
            fields = {"id": key.id, "owner": key.owner, "name": key.name, "createdAt": key.created_at}
            click.echo(json.dumps({**fields, "revokedAt": key.revoked_at}))
            continue
        state = f"revoked {_day(key.revoked_at)}" if key.revoked_at else "active"
        click.echo(f"{key.id}  {key.owner}  {state}  made {_day(key.created_at)}  {key.name}".rstrip())


@keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Revoke the key ID; requests with it are refused from now on."""
    if not stores(load_settings())[1].revoke(key_id, SystemClock().now_ms()):
        raise ConfigurationError(f"there is no active key {key_id!r}; see `codereview keys list`")
    click.echo(f"key {key_id} is revoked", err=True)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d")
