"""Contents of git's objects, many with one command."""

from collections.abc import Iterable

from codereview.domain.coverage import SkipReason
from codereview.inputs.git_command import Git
from codereview.inputs.intake import too_large
from codereview.inputs.refusal import Refusal

#: Objects asked for with one command: bounds what is held of its output.
_AT_ONCE = 500


def read_blobs(git: Git, names: Iterable[str], max_bytes: int) -> dict[str, bytes | Refusal]:
    """The contents of blobs by their full names. Those larger than ``max_bytes`` are not even loaded. Raises
    GitFailed."""
    wanted = list(names)
    contents: dict[str, bytes | Refusal] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        contents |= _read(git, wanted[start : start + _AT_ONCE], max_bytes)
    return contents


def _read(git: Git, names: list[str], max_bytes: int) -> dict[str, bytes | Refusal]:
    contents: dict[str, bytes | Refusal] = {}
    small = []
    checked = git.run("cat-file", "--batch-check", stdin=_lines(names)).decode().splitlines()
    for name, answer in zip(names, checked, strict=True):
        words = answer.split()
        if len(words) != 3 or words[1] != "blob":
            contents[name] = Refusal(SkipReason.UNREADABLE, "git does not have its content (a partial clone?)")
        elif int(words[2]) > max_bytes:
            contents[name] = too_large(int(words[2]), max_bytes)
        else:
            small.append(name)
    output = git.run("cat-file", "--batch", stdin=_lines(small)) if small else b""
    place = 0
    for name in small:
        end = output.index(b"\n", place)
        size = int(output[place:end].split()[2])
        contents[name] = output[end + 1 : end + 1 + size]
        place = end + 1 + size + 1  # the line feed after the content
    return contents


def _lines(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()
