"""Trees and git repositories on disk, for tests."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: What git of a test may read of this machine: nothing.
GIT_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "LC_ALL": "C",
}


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    """Put files below a directory."""
    for path, content in files.items():
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


@dataclass
class Repository:
    """A git repository with a work tree."""

    root: Path

    def git(self, *arguments: str, **environment: str) -> str:
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.root,
            env=GIT_ENVIRONMENT | environment,
            check=True,
            capture_output=True,
        )
        return done.stdout.decode()

    def write(self, files: dict[str, str | bytes]) -> "Repository":
        write(self.root, files)
        return self

    def commit(self, files: dict[str, str | bytes] | None = None, message: str = "change") -> str:
        self.write(files or {})
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").strip()
