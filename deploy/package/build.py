"""Making the packages."""

import fcntl
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.package.archive import write_zip
from deploy.package.bytecode import compiled, interpreter
from deploy.package.closure import closure
from deploy.package.targets import Target
from deploy.package.wheels import files_of, installed, needed

ROOT = Path(__file__).parents[2]
#: Bytes Lambda takes, unpacked; a package near it is a mistake here.
_LIMIT = 250 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Package:
    """One function's zip."""

    function: str
    path: Path
    #: Whether its modules are there compiled too.
    compiled: bool = True

    @property
    def size(self) -> int:
        """Bytes of the zip."""
        return self.path.stat().st_size

    @property
    def unpacked(self) -> int:
        """Bytes of what is in it."""
        with zipfile.ZipFile(self.path) as archive:
            return sum(entry.file_size for entry in archive.infolist())


def functions(root: Path = ROOT) -> list[str]:
    """The functions there are: every module of ``lambdas/`` that does not begin with an underscore."""
    return sorted(path.stem for path in (root / "lambdas").glob("[!_]*.py"))


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """No other process builds with the same directory meanwhile."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(
    names: Sequence[str],
    target: Target,
    output: Path,
    *,
    cache: Path | None = None,
    python: str | None = None,
    level: int = 6,
) -> list[Package]:
    """Make the zips ``{output}/{function}.zip``, compiled by ``python`` or by what is found of the target's version;
    ``level`` is how hard to compress.

    Raises Unwanted for a function that would carry what never belongs into a package, UnknownModule for an import
    nobody named a distribution for, and RuntimeError when pip fails or a package is too large.
    """
    cache = cache or ROOT / "build" / "wheels"
    python = interpreter(target, python)
    made = []
    with _alone(cache), tempfile.TemporaryDirectory() as fresh:
        wheels = installed(target, cache)
        for name in names:
            parts = closure(name, ROOT)
            files = files_of(needed(parts.foreign), wheels, target)
            bytecode: dict[str, Path] = {}
            if python is not None:
                bytecode = compiled(files, wheels / ".bytecode", python, target)
                bytecode |= compiled(parts.files, Path(fresh), python, target)
            package = Package(name, output / f"{name}.zip", compiled=python is not None)
            write_zip(package.path, {**files, **parts.files, **bytecode}, level=level)
            if package.unpacked > _LIMIT:
                raise RuntimeError(f"{name} is {package.unpacked} bytes unpacked; Lambda takes {_LIMIT}")
            made.append(package)
    return made
