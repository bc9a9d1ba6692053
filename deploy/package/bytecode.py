"""Compiled modules for a package. Lambda cannot keep what it compiles, and would compile everything at each cold start:
that is most of the time an import takes.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.package.targets import Target, here

#: Where Lambda unpacks a package; tracebacks show it.
_TASK = "/var/task/"
#: The sources are never looked at again, so neither their dates nor their hashes matter.
_PROGRAM = """
import json, py_compile, sys
for source, compiled, shown in json.load(sys.stdin):
    try:
        py_compile.compile(source, compiled, shown, doraise=True,
                           invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    except py_compile.PyCompileError:
        pass  # a template, or for another Python: it is imported from its source or not at all
"""


def interpreter(target: Target, given: str | None = None) -> str | None:
    """A Python of the target's version on this machine, None when there is none (or the given one is another)."""
    if given is None and target.python == here().python:
        return sys.executable
    path = given or shutil.which(f"python{target.python}")
    if path is None:
        return None
    # What the path names may be a launcher with nothing behind it.
    asked = subprocess.run([path, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=False)
    return path if asked.stdout.startswith(f"{target.python}.") else None


def compiled(files: Mapping[str, Path], directory: Path, python: str, target: Target) -> dict[str, Path]:
    """The modules of ``files`` compiled into ``directory``, by their place in the package. What is there is kept."""
    suffix = f".cpython-{target.python.replace('.', '')}.pyc"
    places = {}
    for place, source in sorted(files.items()):
        if source.suffix == ".py":
            folder, _, name = place.rpartition("/")
            places[f"{folder}/__pycache__/{name.removesuffix('.py')}{suffix}".lstrip("/")] = (place, source)
    work = [
        (str(source), str(directory / made), _TASK + place)
        for made, (place, source) in places.items()
        if not (directory / made).exists()
    ]
    if work:
        subprocess.run([python, "-I", "-c", _PROGRAM], input=json.dumps(work), text=True, check=True)
    return {made: directory / made for made in places if (directory / made).exists()}
