"""Running git on a repository nobody vouches for: it reads, and starts nothing the repository asks for."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from codereview.errors import InvalidSubmission

#: Seconds one git command may take.
TIMEOUT_S = 120.0
#: Variables of git that may be passed on; the others could point it at another repository or at programs.
_KEPT = frozenset({"GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"})
#: Configuration that outranks the repository's: each of these could name a program, or change what is printed.
_SAFE_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "core.quotepath": "off",
    "core.sshCommand": "false",
    "core.untrackedCache": "false",
    "diff.orderFile": os.devnull,
}


class GitFailed(InvalidSubmission):
    """git could not answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        #: git's exit status; 0 when it was not git that failed.
        self.exit_status = status


@dataclass(frozen=True)
class Git:
    """git in one work tree. ``top`` is the real path of its top directory, ``directory`` where commands run."""

    top: Path
    directory: Path
    #: Configuration given to every command, on top of the safe one.
    config: Mapping[str, str] = field(default_factory=dict)
    index_file: str = ""

    @classmethod
    def at(cls, start: Path) -> "Git | None":
        """git for the work tree around ``start``; None where there is none, or no git.

        Raises GitFailed when git refuses the repository (another user's, or damaged).
        """
        directory = Path(os.path.realpath(start))
        if not directory.is_dir():
            directory = directory.parent
        if shutil.which("git") is None or not directory.is_dir():
            return None
        probe = cls(top=directory, directory=directory)
        try:
            answer = probe.text("rev-parse", "--is-inside-work-tree", "--show-toplevel", "--absolute-git-dir")
        except GitFailed as error:
            if "not a git repository" in error.detail or "must be run in a work tree" in error.detail:
                return None
            raise
        inside, top, git_directory = (*answer.split("\n"), "", "", "")[:3]
        if inside != "true" or not top:
            return None
        found = cls(top=Path(os.path.realpath(top)), directory=directory)
        return cls(found.top, directory, config=found._without_filters(), index_file=_index_of_hook(git_directory))

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What the command prints. Raises GitFailed with what it says when it fails."""
        try:
            done = subprocess.run(
                self._command(arguments),
                input=stdin,
                capture_output=True,
                cwd=self.directory,
                env=self._environment(),
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise GitFailed(f"git {arguments[0]} took longer than {TIMEOUT_S:g} s") from error
        if done.returncode:
            raise GitFailed(_said(arguments, done.stderr), done.returncode)
        return done.stdout

    def text(self, *arguments: str) -> str:
        """The same as text, without the line feed at its end."""
        return os.fsdecode(self.run(*arguments)).removesuffix("\n")

    def names(self, *arguments: str) -> list[str]:
        """The NUL-terminated names a command prints with -z; bytes that are no UTF-8 become surrogates."""
        return [os.fsdecode(name) for name in self.run(*arguments).split(b"\0")[:-1]]

    @contextmanager
    def stream(self, *arguments: str) -> Iterator[IO[bytes]]:
        """What the command prints, as it prints it: for output too long to hold. Raises GitFailed at the end."""
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(
                self._command(arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self.directory,
                env=self._environment(),
            ) as process,
        ):
            try:
                assert process.stdout is not None  # noqa: S101  it was asked for above
                yield process.stdout
            except BaseException:
                process.kill()
                raise
            if process.wait(timeout=TIMEOUT_S):
                errors.seek(0)
                raise GitFailed(_said(arguments, errors.read()), process.returncode)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        # check-ignore takes every path as it is, and refuses to be told so.
        literal = () if arguments[0] == "check-ignore" else ("--literal-pathspecs",)
        return ["git", "--no-pager", *literal, *arguments]

    def _environment(self) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if _harmless(name)}
        if self.index_file:
            environment["GIT_INDEX_FILE"] = self.index_file
        config = {**_SAFE_CONFIG, **self.config}
        for number, (key, value) in enumerate(config.items()):
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        return environment | {
            "GIT_CONFIG_COUNT": str(len(config)),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            # A partial clone fetches what it lacks by programs of its choice; this leaves it none.
            "GIT_ALLOW_PROTOCOL": "none",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "LC_ALL": "C",
        }

    def _without_filters(self) -> dict[str, str]:
        """Configuration that empties every filter driver there is: git runs them to compare the work tree."""
        try:
            keys = self.names("config", "-z", "--name-only", "--get-regexp", r"^filter\.")
        except GitFailed as error:
            if error.exit_status == 1:  # there are none
                return {}
            raise
        drivers = dict.fromkeys(key.removeprefix("filter.").rpartition(".")[0] for key in keys)
        emptied = {"clean": "", "smudge": "", "process": "", "required": "false"}
        return {f"filter.{driver}.{key}": value for driver in drivers for key, value in emptied.items()}


def _harmless(name: str) -> bool:
    return not name.startswith("GIT_") or name in _KEPT


def _index_of_hook(git_directory: str) -> str:
    """The index that a commit in progress uses, when this runs as its hook; "" for the repository's own.

    ``git commit -a`` and ``git commit PATH`` prepare what they will commit in an index of their own.
    """
    given = os.environ.get("GIT_INDEX_FILE", "")
    index = os.path.realpath(given) if given else ""
    return index if index and index.startswith(os.path.realpath(git_directory) + os.sep) else ""


def _said(arguments: Sequence[str], stderr: bytes) -> str:
    words = stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ").removeprefix("error: ")
    return f"git {arguments[0]}: {words[:500] or 'it failed without a word'}"
