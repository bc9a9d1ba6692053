"""What is installed is what is in the tree: scripts, rules and the page travel with the code."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PACKAGES = ("api", "codereview", "workers")


@pytest.mark.slow
def test_a_wheel_holds_every_tracked_file_of_the_packages(tmp_path: Path) -> None:
    """A forgotten data file shows only on somebody else's machine."""
    listed = subprocess.run(["git", "ls-files", *PACKAGES], cwd=PROJECT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: nothing to compare with")
    build = ["wheel", "--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(tmp_path)]
    # A copy: building writes beside the sources.
    copy = tmp_path / "copy"
    copy.mkdir()
    tracked = [*listed.stdout.split("\n"), "setup.cfg", "pyproject.toml", "README.md", "LICENSE"]
    for name in filter(None, tracked):
        if (PROJECT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((PROJECT / name).read_bytes())
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *build, str(copy)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    missing = [
        name for name in filter(None, listed.stdout.split("\n")) if (PROJECT / name).exists() and name not in packed
    ]
    assert missing == []
