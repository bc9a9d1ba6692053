"""Reading the catalogue of models: the table of this package, and a file of the deployment's over it."""

import tomllib
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, ValidationError

from codereview.domain.pricing import LongPrompt, ModelPrice, ModelSpec
from codereview.errors import ConfigurationError
from codereview.language_model import ModelChoice, UnknownModelPrice
from codereview.model_catalogue import ModelCatalogue

_PACKAGED = "models.toml"


def _exact(value: object) -> object:
    if isinstance(value, float):
        raise ValueError("is not exact: write it in quotes")  # noqa: TRY004  pydantic reports ValueErrors
    return value


Dollars = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=10_000, max_digits=12, decimal_places=6)]
Share = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, lt=1, decimal_places=6)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Price(_Table):
    input: Dollars
    output: Dollars
    cache_read: Dollars
    cache_write_5m: Dollars
    cache_write_1h: Dollars


class _LongPrompt(_Table):
    above_tokens: PositiveInt
    price: _Price


class _Model(_Table):
    context_tokens: PositiveInt
    max_output_tokens: PositiveInt
    min_cache_tokens: PositiveInt = 1024
    bedrock_id: str = ""
    aliases: tuple[str, ...] = ()
    batch_discount: Share = Decimal(0)
    price: _Price
    long_prompt: _LongPrompt | None = None

    def spec(self, model: str) -> ModelSpec:
        longer = self.long_prompt
        return ModelSpec(
            id=model,
            context_tokens=self.context_tokens,
            max_output_tokens=self.max_output_tokens,
            min_cache_tokens=self.min_cache_tokens,
            bedrock_id=self.bedrock_id,
            aliases=self.aliases,
            batch_discount=self.batch_discount,
            price=ModelPrice(
                **dict(self.price),
                long_prompt=LongPrompt(longer.above_tokens, ModelPrice(**dict(longer.price))) if longer else None,
            ),
        )


class _Defaults(_Table):
    main: str
    cheap: str
    fallbacks: tuple[str, ...] = ()


class _Document(_Table):
    as_of: date
    source: str = ""
    defaults: _Defaults
    models: dict[str, _Model]


def load_catalogue(path: Path | None = None) -> ModelCatalogue:
    """The packaged catalogue, with the file at ``path`` over it: what that says replaces, field by field, what the
    packaged one says, and what it says of other models is added.

    Raises ConfigurationError naming the file, the field and what would be right.
    """
    tables = tomllib.loads((files("codereview.agents") / _PACKAGED).read_text("utf-8"))
    if path is not None:
        tables = _over(tables, _read(path))
    try:
        document = _Document.model_validate(tables)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path or _PACKAGED}: {where}: {first['msg'].lower()}") from error
    return _catalogue(document, str(path or _PACKAGED))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"CODEREVIEW_MODELS_FILE: {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is not TOML: {error}") from error


def _over(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in change.items():
        below = merged.get(name)
        merged[name] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _catalogue(document: _Document, name: str) -> ModelCatalogue:
    specs = {model: table.spec(model) for model, table in document.models.items()}
    taken: dict[str, str] = {}
    for spec in specs.values():
        for alias in filter(None, {spec.id, spec.bedrock_id, *spec.aliases}):
            other = taken.setdefault(alias, spec.id)
            if other != spec.id:
                raise ConfigurationError(f"{name}: {alias!r} is a name of both {other} and {spec.id}")
    chosen = document.defaults
    catalogue = ModelCatalogue(
        as_of=document.as_of,
        source=document.source,
        specs=specs,
        defaults=ModelChoice(main=chosen.main, cheap=chosen.cheap, fallbacks=chosen.fallbacks),
    )
    for model in (chosen.main, chosen.cheap, *chosen.fallbacks):
        try:
            catalogue.spec(model)
        except UnknownModelPrice as error:
            raise ConfigurationError(f"{name}: defaults: there is no table models.{model}") from error
    return catalogue
