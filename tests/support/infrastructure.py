"""Tools for the templates, each in an environment of its own under .codereview/tools, because they pin what we do not.

    python tests/support/infrastructure.py install    make the environments

Tests that need a tool are skipped with the reason where it is not installed, or fail there when
CODEREVIEW_REQUIRE_INFRASTRUCTURE is set.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2] / ".codereview" / "tools"
#: Environment, what is installed into it, and the program that shows it is there.
TOOLS = {
    "infrastructure": (("ministack==1.5.33", "boto3==1.43.106", "cfn-lint==1.58.0"), "cfn-lint"),
    "awscli": (("awscli==1.46.3",), "aws"),
    "checkov": (("checkov==3.3.30",), "checkov"),
}
INSTALL = "python tests/support/infrastructure.py install"


def program(tool: str, name: str = "") -> Path:
    """A program of a tool's environment."""
    return HOME / tool / "bin" / (name or TOOLS[tool][1])


def require(tool: str) -> Path:
    """The tool's program. Skips the test without it, or fails it where it is required."""
    path = program(tool)
    if not path.exists():
        reason = f"{path.name} is not installed: {INSTALL}"
        if os.environ.get("CODEREVIEW_REQUIRE_INFRASTRUCTURE"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def install() -> None:
    """Make the environments, or bring them to the pinned versions."""
    for tool, (packages, _) in TOOLS.items():
        venv.create(HOME / tool, with_pip=True)
        subprocess.run([program(tool, "python"), "-m", "pip", "install", "--quiet", *packages], check=True)


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit(__doc__)
    install()
