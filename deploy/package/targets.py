"""For which Python on which processor a package is made."""

import platform
import sys
from dataclasses import dataclass

#: Lambda's name of an architecture, and the wheels'.
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
#: The oldest C library among the runtimes is that of Amazon Linux 2023 (2.34).
_PLATFORMS = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")


@dataclass(frozen=True, slots=True)
class Target:
    """An architecture of Lambda ("arm64", "x86_64") and a version of Python ("3.12")."""

    architecture: str = "arm64"
    python: str = "3.12"

    @property
    def name(self) -> str:
        """For paths: "arm64-python3.12"."""
        return f"{self.architecture}-python{self.python}"

    @property
    def machine(self) -> str:
        """The architecture as wheels name it."""
        return MACHINES[self.architecture]

    def pip_options(self) -> list[str]:
        """What makes pip choose the wheels for this target, wherever it runs, and nothing that must be built."""
        abi = f"cp{self.python.replace('.', '')}"
        options = ["--only-binary=:all:", "--implementation=cp", f"--python-version={self.python}"]
        options += [f"--abi={each}" for each in (abi, "abi3", "none")]
        return options + [f"--platform={each}_{self.machine}" for each in _PLATFORMS]


def here() -> Target:
    """The target that can run on this machine with this interpreter."""
    machine = platform.machine().lower()
    architecture = next(name for name, spelled in MACHINES.items() if machine in (name, spelled))
    return Target(architecture, f"{sys.version_info.major}.{sys.version_info.minor}")
