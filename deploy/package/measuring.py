"""How long a function takes to begin: its package unpacked, its module imported by a new interpreter."""

import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

_PROGRAM = """
import sys, time
package, runtime, function = sys.argv[1:]
sys.path[:0] = [package]
sys.path.append(runtime)
sys.dont_write_bytecode = True
began = time.perf_counter()
__import__("lambdas." + function)
print((time.perf_counter() - began) * 1000)
"""


def unpack(package: Path, directory: Path) -> Path:
    """The package as Lambda lays it out; the directory."""
    with zipfile.ZipFile(package) as archive:
        archive.extractall(directory)
    return directory


def runtime_modules(directory: Path, *also: str) -> Path:
    """A directory with what Lambda's runtime has beside the standard library: boto3, as it is installed here.
    ``also`` names further distributions."""
    waiting, seen = ["boto3", *also], set()
    while waiting:
        found = distribution(waiting.pop())
        if found.name in seen:
            continue
        seen.add(found.name)
        waiting += [Requirement(text).name for text in found.requires or () if "extra ==" not in text]
        for top in {path.parts[0] for path in found.files or () if path.parts[0] not in ("..", "__pycache__")}:
            place = directory / top
            if not place.exists():
                place.symlink_to(Path(str(found.locate_file(top))))
    return directory


def cold_import_ms(function: str, package: Path, *, python: str = sys.executable, runs: int = 3) -> float:
    """Milliseconds until the function's module is imported, the best of some runs, by an interpreter that sees the
    package and the runtime's modules only. Raises RuntimeError when it cannot be imported."""
    with tempfile.TemporaryDirectory() as directory:
        task, runtime = Path(directory) / "task", Path(directory) / "runtime"
        runtime.mkdir()
        arguments = [str(unpack(package, task)), str(runtime_modules(runtime)), function]
        return min(_once([python, "-I", "-S", "-c", _PROGRAM, *arguments]) for _ in range(runs))


def _once(command: list[str]) -> float:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"it cannot be imported:\n{done.stderr}")
    return float(done.stdout)
