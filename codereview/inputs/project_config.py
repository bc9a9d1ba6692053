"""What a project says about its reviews: ``.codereview.toml``, or ``[tool.codereview]`` of ``pyproject.toml``.

The nearest file above the reviewed path wins, up to the root of the git work tree; files are not merged. An unknown key
is an error: a misspelt one would otherwise be silently ignored.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from codereview.domain.findings import Severity
from codereview.domain.reviews import AGENTS, FilterMode, PathRule, ReviewOptions, Suppression
from codereview.errors import ConfigurationError
from codereview.planning.globs import Globs

OWN_FILE = ".codereview.toml"
SHARED_FILE = "pyproject.toml"
_UNKNOWN_KEY = "extra_forbidden"
_TABLE = ("tool", "codereview")
#: Keys that are options of a review under another name.
_RENAMED = {"disable": "disabled_rules", "paths": "path_rules", "suppress": "suppressions"}


def _pattern(value: str) -> str:
    Globs([value])
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]


class PathSettings(BaseModel):
    """One ``[[paths]]`` table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    glob: Pattern = Field(min_length=1)
    severity_floor: Severity | None = None
    disable: tuple[str, ...] = ()


class ProjectConfig(BaseModel):
    """Every key there is, with its default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: .gitignore-style patterns of files not to review.
    exclude: tuple[Pattern, ...] = ()
    agents: tuple[str, ...] = AGENTS
    min_severity: Severity = Severity.INFO
    fail_on: Severity = Severity.HIGH
    filter_mode: FilterMode = FilterMode.ADDED
    max_findings: int = Field(default=2000, ge=1, le=20_000)
    #: Rules switched off: full ids, the analysers' own names, or analysers.
    disable: tuple[str, ...] = ()
    #: What is different for some files.
    paths: tuple[PathSettings, ...] = ()
    #: Findings that are accepted, each with its reason.
    suppress: tuple[Suppression, ...] = ()

    @field_validator("suppress")
    @classmethod
    def _suppressed_paths_are_patterns(cls, value: tuple[Suppression, ...]) -> tuple[Suppression, ...]:
        for suppression in value:
            _pattern(suppression.path)
        return value

    @field_validator("agents")
    @classmethod
    def _agents_exist(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [agent for agent in value if agent not in AGENTS]
        if unknown or not value:
            known = f"the agents are {', '.join(AGENTS)}"
            raise ValueError(f"unknown agent {unknown[0]!r}; {known}" if unknown else f"name at least one; {known}")
        return value

    def options(self) -> dict[str, Any]:
        """The keys that were set, as fields of `ReviewOptions`."""
        given = {name: getattr(self, name) for name in self.model_fields_set if name != "exclude"}
        if "paths" in given:
            given["paths"] = tuple(PathRule.model_validate(each.model_dump()) for each in self.paths)
        return {_RENAMED.get(name, name): value for name, value in given.items()}

    def review_options(self) -> ReviewOptions:
        """The options of a review that asks for nothing else."""
        return ReviewOptions.model_validate(self.options())


@dataclass(frozen=True, slots=True)
class ConfigWithOrigin:
    """A configuration and the file it comes from; None when there is none."""

    config: ProjectConfig = field(default_factory=ProjectConfig)
    path: Path | None = None

    def origin_of(self, key: str) -> str:
        """Where the value of a key comes from: the file, or "default"."""
        return str(self.path) if self.path is not None and key in self.config.model_fields_set else "default"


def load_config(start: Path) -> ConfigWithOrigin:
    """The configuration that applies to a file or directory.

    Raises ConfigurationError naming the file, the key, and what would be right.
    """
    for directory in _upwards(start):
        own = directory / OWN_FILE
        if own.is_file():
            return ConfigWithOrigin(parse_config(_read(own), own), own)
        shared = directory / SHARED_FILE
        if shared.is_file():
            table = _table(_read(shared), shared)
            if table is not None:
                return ConfigWithOrigin(parse_config(table, shared), shared)
    return ConfigWithOrigin()


def parse_config(table: Mapping[str, Any], path: Path) -> ProjectConfig:
    """The configuration in a table of ``path``. Raises ConfigurationError."""
    try:
        return ProjectConfig.model_validate(dict(table))
    except ValidationError as error:
        # A misspelt key is often the cause of one that is missing.
        first = min(error.errors(), key=lambda each: each["type"] != _UNKNOWN_KEY)
        raise ConfigurationError(f"{path}: {_explained(first['loc'], first['msg'], first['type'])}") from error


def _explained(location: tuple[int | str, ...], message: str, kind: str) -> str:
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")
    if kind != _UNKNOWN_KEY:
        words = message.removeprefix("Value error, ").removeprefix("Input ").replace("a valid tuple", "a list")
        return f"{key}: {words}"
    models: dict[str, type[BaseModel]] = {"paths": PathSettings, "suppress": Suppression}
    model = models.get(str(location[0]), ProjectConfig) if len(location) > 1 else ProjectConfig
    near = get_close_matches(str(location[-1]), list(model.model_fields), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(model.model_fields)}"
    return f"unknown key {key!r}; {hint}"


def _upwards(start: Path) -> Iterator[Path]:
    """The directories from ``start`` up to the root of the work tree; without one, of the file system."""
    place = start.resolve()
    directory = place if place.is_dir() else place.parent
    for each in (directory, *directory.parents):
        yield each
        if (each / ".git").exists():
            return


def _table(document: Mapping[str, Any], path: Path) -> Mapping[str, Any] | None:
    """The table of a shared file that is ours; None when it has none."""
    table: Any = document
    for name in _TABLE:
        if name not in table:
            return None
        table = table[name]
        if not isinstance(table, Mapping):
            raise ConfigurationError(f"{path}: {name} should be a table")
    return dict(table)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from error
