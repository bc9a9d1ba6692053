"""Archives: unpacked in memory, within bounds, nothing outside the root and nothing but plain files."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from codereview.domain.coverage import SkipReason
from codereview.domain.sources import Sources
from codereview.errors import BadArchive, EmptySubmission, InvalidSubmission, OutsideRoot, TooLarge
from codereview.inputs.decoding import decode
from codereview.inputs.intake import Intake
from codereview.inputs.limits import DEFAULT_LIMITS, Limits
from codereview.inputs.refusal import Refusal
from codereview.inputs.safe_paths import normal_path, refuse_collisions, shown
from codereview.inputs.selection import left_out
from codereview.inputs.tars import read_tar
from codereview.inputs.zips import read_zip

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = b"\x1f\x8b"
_TAR_MAGIC = slice(257, 262)


@dataclass(frozen=True, slots=True)
class _Member:
    path: str
    content: str | Refusal
    well_named: bool = True


def read_archive(encoded: str, limits: Limits = DEFAULT_LIMITS) -> Sources:
    """The files of a base64 .zip, .tar.gz or .tar. A directory that holds everything is taken off the paths.

    Links, encrypted and damaged members are in ``skipped``. Raises BadArchive for what is no such archive or has a
    name twice, OutsideRoot for one with a path that leaves the root, TooLarge beyond the limits, EmptySubmission.
    """
    return read_archive_bytes(_decoded(encoded, limits), limits)


def read_archive_bytes(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Sources:
    """The same of an archive that came as it is."""
    members = _without_common_directory(list(_safe(_members(data, limits))))
    if not members:
        raise EmptySubmission("the archive has no files")
    try:
        refuse_collisions(member.path for member in members if member.well_named)
    except InvalidSubmission as error:
        raise BadArchive(f"the archive is ambiguous: {error.detail}", **error.fields) from error
    intake = Intake(limits, refuse_excess=True)
    left: dict[str, Refusal] = {}
    for member in members:
        out = left_out(member.path) if member.well_named else None
        if out is not None:
            left[out[1]] = out[0]
        elif isinstance(member.content, Refusal):
            intake.refuse(member.path, member.content)
        else:
            intake.offer(member.path, member.content)
    for path, refusal in left.items():
        intake.refuse(path, refusal)
    return intake.sources("archive")


def _decoded(encoded: str, limits: Limits) -> bytes:
    if len(encoded) > limits.max_total_bytes * 4 // 3 + 4:
        raise TooLarge(f"the archive has more than {limits.max_total_bytes} bytes", limit=limits.max_total_bytes)
    try:
        data = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadArchive("the archive is not valid base64") from error
    if not data:
        raise EmptySubmission("the archive is empty")
    return data


def _members(data: bytes, limits: Limits) -> Iterator[tuple[str, bytes | Refusal]]:
    if data.startswith(_ZIP):
        return read_zip(data, limits)
    if data.startswith(_GZIP) or data[_TAR_MAGIC] == b"ustar":
        return read_tar(data, limits, gzipped=data.startswith(_GZIP))
    raise BadArchive("this is no .zip, .tar.gz or .tar archive")


def _safe(members: Iterable[tuple[str, bytes | Refusal]]) -> Iterator[_Member]:
    """The members under normal paths. A name that cannot be one is a reason not to take the member; one that leads
    out of the root was made to do harm, and refuses the archive."""
    for name, content in members:
        try:
            # Decoded at once, so that what is binary does not stay in memory.
            yield _Member(normal_path(name), content if isinstance(content, Refusal) else decode(content))
        except OutsideRoot:
            raise
        except InvalidSubmission as error:
            refusal = Refusal(SkipReason.UNREADABLE, f"a bad name: {error.detail}")
            yield _Member(shown(name) or "(no name)", refusal, well_named=False)


def _without_common_directory(members: list[_Member]) -> list[_Member]:
    named = [member.path for member in members if member.well_named]
    if len({path.partition("/")[0] for path in named}) != 1 or not all("/" in path for path in named):
        return members
    return [replace(m, path=m.path.partition("/")[2]) if m.well_named else m for m in members]
