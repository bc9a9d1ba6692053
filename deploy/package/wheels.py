"""The wheels that functions need: resolved into a lock file, downloaded by its hashes, and taken apart by function."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from importlib.metadata import Distribution, PathDistribution, distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.package.targets import MACHINES, Target

LOCK = Path(__file__).with_name("requirements.lock")

#: Which distribution an imported module comes from.
DISTRIBUTIONS = {
    "celery": "celery",
    "itsdangerous": "itsdangerous",
    "kombu": "kombu",
    "packaging": "packaging",
    "pathspec": "pathspec",
    "pydantic": "pydantic",
    "pydantic_core": "pydantic",
    "pydantic_settings": "pydantic-settings",
    "redis": "redis",
    "websocket": "websocket-client",
    "yaml": "pyyaml",
}
#: What a distribution imports for what we use of it, and requires only with extras.
_TOO = {"kombu": ("packaging",)}
#: Modules the Lambda runtime brings along.
OF_THE_RUNTIME = {"boto3", "botocore"}
#: Modules that are imported where a setting asks for them, which no function's does by itself.
OPTIONAL = {"opentelemetry", "psutil"}
#: Requirements of others that a function has no use for: what Celery's command line and its prompt need.
_NEEDLESS = {"click-didyoumean", "click-plugins", "click-repl", "prompt-toolkit", "wcwidth"}

_PYTHONS = ("3.11", "3.12", "3.13")
_LEFT_OUT = re.compile(
    r"(^|/)(__pycache__|tests?|testing)/|\.(pyc|pyi|pxd|pyx|c|h)$|(^|/)py\.typed$"
    r"|\.dist-info/(RECORD|INSTALLER|REQUESTED|WHEEL|direct_url\.json|top_level\.txt|sboms/.*)$|^\.\./|(^|/)bin/"
)


class UnknownModule(Exception):
    """A function imports a module that no distribution is named for here."""


def needed(foreign: Iterable[str]) -> set[str]:
    """The distributions these modules come from. Raises UnknownModule."""
    modules = set(foreign) - OF_THE_RUNTIME - OPTIONAL - sys.stdlib_module_names
    unknown = modules - DISTRIBUTIONS.keys()
    if unknown:
        raise UnknownModule(f"no distribution is known for {', '.join(sorted(unknown))}: name it in {__file__}")
    return {DISTRIBUTIONS[module] for module in modules}


def lock() -> str:
    """A lock file with the newest versions the project allows, for every target."""
    allowed = {canonicalize_name(Requirement(text).name): Requirement(text) for text in requires("codereview") or ()}
    wanted = [f"{name}{allowed[canonicalize_name(name)].specifier}" for name in sorted(set(DISTRIBUTIONS.values()))]
    pins: dict[str, tuple[str, set[str]]] = {}
    for architecture in MACHINES:
        for python in _PYTHONS:
            for name, version, digest in _resolved(wanted, Target(architecture, python)):
                known, digests = pins.setdefault(name, (version, set()))
                if known != version:
                    raise RuntimeError(f"{name} resolves to {known} and to {version}: limit it in setup.cfg")
                digests.add(digest)
    head = "# Made by `python -m deploy.package lock`: what Lambda packages may contain.\n"
    return head + "".join(_pin(name, *pins[name]) for name in sorted(pins))


def _pin(name: str, version: str, digests: set[str]) -> str:
    return f"{name}=={version}" + "".join(f" \\\n    --hash=sha256:{digest}" for digest in sorted(digests)) + "\n"


def _resolved(wanted: list[str], target: Target) -> Iterator[tuple[str, str, str]]:
    command = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report=-", *target.pip_options(), *wanted]
    report = json.loads(_pip(command))
    for each in report["install"]:
        name = canonicalize_name(each["metadata"]["name"])
        if name not in _NEEDLESS:
            yield name, each["metadata"]["version"], each["download_info"]["archive_info"]["hashes"]["sha256"]


def installed(target: Target, cache: Path) -> Path:
    """A directory with every locked wheel for the target, downloaded unless it is there from an earlier time."""
    directory = cache / f"{target.name}-{sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not (directory / ".complete").exists():
        options = ["--target", str(directory), "--no-deps", "--no-compile", "--require-hashes", "--upgrade", "--quiet"]
        _pip(["install", *options, *target.pip_options(), "--requirement", str(LOCK)])
        (directory / ".complete").touch()
    return directory


def files_of(names: Iterable[str], directory: Path, target: Target) -> dict[str, Path]:
    """The files of these distributions and of all they require, by their place in the package."""
    there: dict[str, Distribution] = {
        canonicalize_name(str(each.name)): each for each in distributions(path=[str(directory)])
    }
    found: dict[str, Path] = {}
    for name in sorted(_with_requirements(names, there, target)):
        for place in _record(there[name]):
            if not _LEFT_OUT.search(place):
                found[place] = directory / place
    return found


def _with_requirements(names: Iterable[str], there: Mapping[str, Distribution], target: Target) -> set[str]:
    environment = {"python_version": target.python, "platform_machine": target.machine, "sys_platform": "linux"}
    found: set[str] = set()
    waiting: list[str] = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += _TOO.get(name, ())
        for text in there[name].requires or ():
            requirement = Requirement(text)
            applies = requirement.marker is None or requirement.marker.evaluate({**environment, "extra": ""})
            if applies and (wanted := canonicalize_name(requirement.name)) not in _NEEDLESS:
                waiting.append(wanted)
    return found


def _record(distribution: Distribution) -> Iterator[str]:
    if not isinstance(distribution, PathDistribution):
        raise TypeError(f"{distribution} is not installed from a wheel")
    yield from (
        line.rpartition(",")[0].rpartition(",")[0] for line in (distribution.read_text("RECORD") or "").splitlines()
    )


def _pip(arguments: list[str]) -> str:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pip failed:\n{done.stderr.strip()}")
    return done.stdout
