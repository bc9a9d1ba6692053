"""The members of a .tar archive, plain or gzipped."""

import gzip
import io
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from codereview.domain.coverage import SkipReason
from codereview.errors import BadArchive, TooLarge
from codereview.inputs.intake import too_large
from codereview.inputs.limits import Limits
from codereview.inputs.refusal import Refusal, link_refusal

#: The stream may be so many times the total of what is reviewed: large files in it are passed over unread.
_STREAM_PER_TOTAL = 4
#: Source code packs to a fifth; a stream unpacking to more than this per byte was made to do harm.
_MAX_RATIO = 200
#: Unpacked bytes up to which the ratio says nothing: a small file of zeros is no bomb.
_RATIO_FROM = 10_000_000
_MEMBERS_PER_FILE = 10


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than it should hold."""

    def __init__(self, inner: BinaryIO, packed: int, limit: int) -> None:
        self._inner = inner
        self._packed = max(1, packed)
        self._limit = limit
        self._given = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        remaining = self._limit - self._given
        data = self._inner.read(remaining + 1 if size < 0 else min(size, remaining + 1))
        self._given += len(data)
        if self._given > self._limit:
            raise TooLarge(f"the archive unpacks to more than {self._limit} bytes", limit=self._limit)
        if self._given > _RATIO_FROM and self._given > _MAX_RATIO * self._packed:
            raise TooLarge(f"the archive unpacks to more than {_MAX_RATIO} times its size")
        return data


def read_tar(data: bytes, limits: Limits, *, gzipped: bool) -> Iterator[tuple[str, bytes | Refusal]]:
    """(name, content or why not) of each member that is no directory. Raises BadArchive, TooLarge."""
    packed = io.BytesIO(data)
    inner = cast("BinaryIO", gzip.GzipFile(fileobj=packed)) if gzipped else packed
    stream = _Bounded(inner, len(data), _STREAM_PER_TOTAL * limits.max_total_bytes)
    try:
        # "r|" reads forwards only: no header can send the reader back and into a loop.
        with tarfile.open(fileobj=stream, mode="r|", encoding="utf-8", errors="surrogateescape") as archive:
            for number, member in enumerate(archive):
                if number >= limits.max_files * _MEMBERS_PER_FILE:
                    raise TooLarge(f"the archive has more than {limits.max_files * _MEMBERS_PER_FILE} members")
                if not member.isdir():
                    yield member.name, _content(archive, member, limits)
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError) as error:
        raise BadArchive(f"the .tar archive cannot be read: {error}") from error


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, limits: Limits) -> bytes | Refusal:
    if member.issym() or member.islnk():
        # A hard link names its target from the root of the archive, a symbolic one from where it stands.
        return link_refusal(posixpath.dirname(member.name) if member.issym() else "", member.linkname)
    if not member.isreg():
        return Refusal(SkipReason.UNREADABLE, "not a plain file")
    if member.size > limits.max_file_bytes:
        return too_large(member.size, limits.max_file_bytes)
    file = archive.extractfile(member)
    if file is None:
        return Refusal(SkipReason.UNREADABLE, "not a plain file")
    content = file.read(limits.max_file_bytes + 1)
    if len(content) < member.size:
        raise EOFError(f"it ends inside {member.name!r}")
    return content
