"""How long a function takes to begin: its package unpacked, its module imported by a new interpreter."""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

_PROGRAM = """
import sys, time
sys.path.insert(0, ".")
began = time.perf_counter()
__import__("lambdas." + sys.argv[1])
print((time.perf_counter() - began) * 1000)
"""


def unpack(package: Path, directory: Path) -> Path:
    """The package as Lambda lays it out; the directory."""
    with zipfile.ZipFile(package) as archive:
        archive.extractall(directory)
    return directory


def cold_import_ms(function: str, package: Path, *, python: str = sys.executable, runs: int = 3) -> float:
    """Milliseconds until the function's module is imported, the best of some runs.

    As on Lambda, where the place of the code cannot be written, nothing compiled is kept between two runs.
    """
    with tempfile.TemporaryDirectory() as directory:
        unpack(package, Path(directory))
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ""}
        times = [
            float(
                subprocess.run(
                    [python, "-c", _PROGRAM, function],
                    cwd=directory,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout
            )
            for _ in range(runs)
        ]
    return min(times)
