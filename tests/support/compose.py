"""A compose stack under podman, and the commands to handle it."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Compose:
    """The running stack, and the commands to handle it."""

    env: dict[str, str]

    def podman(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(["podman", *arguments], env=self.env, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def compose(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "podman_compose", "--in-pod=0", *arguments]
        done = subprocess.run(command, env=self.env, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def containers(self, service: str) -> list[str]:
        label = f"label=com.docker.compose.service={service}"
        return self.podman("ps", "--filter", label, "--format", "{{.Names}}").split()
